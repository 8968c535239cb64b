/* The middle of numbers, by selection (Hoare 1961): in expected linear time, where sorting them takes longer. */
#include "core/median.h"

#include <math.h>

/* Put the number of rank kth in its place, those below it before it and those above behind. */
static void put_in_place(float *numbers, int64_t n, int64_t kth)
{
    for (int64_t low = 0, high = n - 1; low < high;) {
        const float pivot = numbers[low + (high - low) / 2];
        int64_t i = low, j = high;
        while (i <= j) {
            while (numbers[i] < pivot) i++;
            while (numbers[j] > pivot) j--;
            if (i > j) break;
            const float swapped = numbers[i];
            numbers[i++] = numbers[j], numbers[j--] = swapped;
        }
        if (kth <= j)
            high = j;
        else if (kth >= i)
            low = i;
        else
            return;
    }
}

double nwc__median(float *numbers, int64_t n)
{
    int64_t known = 0;
    for (int64_t k = 0; k < n; k++)
        if (!isnan(numbers[k])) numbers[known++] = numbers[k];
    if (!known) return (double)NAN;
    const int64_t upper = known / 2;
    put_in_place(numbers, known, upper);
    if (known % 2) return (double)numbers[upper];
    float lower = numbers[0];
    for (int64_t k = 1; k < upper; k++) lower = numbers[k] > lower ? numbers[k] : lower;
    return 0.5 * ((double)lower + (double)numbers[upper]);
}
