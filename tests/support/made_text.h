/* Observations in text, made by hand in each format, and civil times. */
#ifndef NWC_TEST_MADE_TEXT_H
#define NWC_TEST_MADE_TEXT_H

#include "support/support.h"

extern const char made_wyoming[];
extern const char made_bufkit[];
extern const char made_metar[];
extern const char made_profiler[];
extern const char made_lma[];
extern const char made_uspln[];
extern const char made_nldn[];
extern const char made_csv[];

/* Nanoseconds since 1970. */
int64_t utc(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute, int32_t second);

#endif
