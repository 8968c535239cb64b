/*
 * Sorting by merge exchange (Batcher 1968; Knuth, The Art of Computer Programming 3, algorithm 5.2.2M): which numbers are
 * compared does not depend on their values, so that the cells of a batch are sorted side by side without a branch.
 */
#include "grid/exchange.h"

int64_t nwc__exchanges(int32_t n, uint16_t (*exchange)[2])
{
    int64_t listed = 0;
    int32_t top = 1;
    while (2 * top < n) top *= 2;
    for (int32_t p = top; p > 0; p /= 2)
        for (int32_t q = top, r = 0, d = p; d > 0; d = q - p, q /= 2, r = p) {
            for (int32_t i = 0; i + d < n; i++) {
                if ((i & p) != r) continue;
                if (exchange) exchange[listed][0] = (uint16_t)i, exchange[listed][1] = (uint16_t)(i + d);
                listed++;
            }
        }
    return listed;
}
