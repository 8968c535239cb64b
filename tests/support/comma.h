/* A locale with a decimal comma, made for the test. */
#ifndef NWC_TEST_COMMA_H
#define NWC_TEST_COMMA_H

#include <stdbool.h>

/* From here on the program has it; false where the system has no localedef to make it. */
bool begin_comma(void);
void end_comma(void);

#endif
