/** @file experimental.h  Declarations that may change or vanish in any release. Empty at present. */
#ifndef NOWCAST_EXPERIMENTAL_H
#define NOWCAST_EXPERIMENTAL_H

#include <nowcast/core.h>

#endif
