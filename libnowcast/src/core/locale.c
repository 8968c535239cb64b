/* The thread's own locale for numbers, so that a program with a decimal comma reads and writes files as any other. */
#define _POSIX_C_SOURCE 200809L
#include "core/internal.h"

#include <locale.h>

struct nwc__numbers nwc__numbers_begin(void)
{
    const locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    /* Without memory for one the program's own is left, which is the same in most programs. */
    return (struct nwc__numbers){(void *)plain, plain ? (void *)uselocale(plain) : NULL};
}

void nwc__numbers_end(struct nwc__numbers numbers)
{
    if (!numbers.plain) return;
    uselocale((locale_t)numbers.before);
    freelocale((locale_t)numbers.plain);
}
