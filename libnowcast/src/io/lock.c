/*
 * The lock around netCDF-C, HDF5 and ecCodes: none of them is used by two threads at once, nor with a decimal comma, which ecCodes
 * would expect in its own definitions.
 */
#define _POSIX_C_SOURCE 200809L
#include "io/internal.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct nwc__numbers numbers; /* of who has it */

void nwc__io_lock(void)
{
    pthread_mutex_lock(&lock);
    numbers = nwc__numbers_begin();
}

void nwc__io_unlock(void)
{
    nwc__numbers_end(numbers);
    pthread_mutex_unlock(&lock);
}
