/* The curve of classes of probabilities, of ensembles and of fields of probabilities alike. */
#ifndef NWC_VERIFY_CURVE_H
#define NWC_VERIFY_CURVE_H

#include <nowcast/verify_probability.h>

/* Fill what follows from forecasts and events of n classes: frequency, and the share of all events and non-events from each up. */
void nwc__verify_fill_curve(nwc_probability_class *curve, int32_t n);

/* The area under the ROC curve: trapezia between the classes. */
double nwc__verify_roc_area(const nwc_probability_class *curve, int32_t n);

#endif
