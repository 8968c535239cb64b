/* The lock around netCDF-C, HDF5 and ecCodes: none of them is used by two threads at once. */
#define _POSIX_C_SOURCE 200809L
#include "io/internal.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void nwc__io_lock(void)
{
    pthread_mutex_lock(&lock);
}

void nwc__io_unlock(void)
{
    pthread_mutex_unlock(&lock);
}
