/* Statuses and the error text of the calling thread. */
#include "core/internal.h"

#include <stdarg.h>
#include <stdio.h>

#define TEXT_SIZE 1024

static _Thread_local char error_text[TEXT_SIZE];

const char *nwc_status_name(int32_t status)
{
    static const char *const name[] = {"OK", "ARG",   "NODATA",      "FORMAT",   "UNSUPPORTED",
                                       "IO", "NOMEM", "CONVERGENCE", "CANCELED", "INTERNAL"};
    const int32_t known = (int32_t)(sizeof name / sizeof name[0]);
    return status >= 0 && status < known ? name[status] : "UNKNOWN";
}

const char *nwc_error_text(void)
{
    return error_text;
}

nwc_status nwc__fail(nwc_status status, const char *format, ...)
{
    char text[TEXT_SIZE]; /* apart, since the arguments may contain the present text */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    memcpy(error_text, text, sizeof text);
    return status;
}

nwc_status nwc__fail_within(nwc_status status, const char *context)
{
    return nwc__fail(status, "%s: %s", context, error_text);
}
