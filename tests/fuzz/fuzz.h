/* What fuzz programs share. Each source is built once for every decoder it knows, whose name FUZZ_DECODER is. */
#ifndef NWC_FUZZ_H
#define NWC_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static inline bool fuzz_is_for(const char *decoder)
{
    return strcmp(decoder, FUZZ_DECODER) == 0;
}

/* One of the rows for this decoder of a table, by a byte of the input. Rows begin with the name of their decoder. */
static inline const void *fuzz_row(const void *table, size_t row_size, size_t rows, uint8_t byte)
{
    const char *found[32];
    size_t n = 0;
    for (size_t k = 0; k < rows && n < sizeof found / sizeof *found; k++) {
        const char *const row = (const char *)table + k * row_size;
        const char *decoder;
        memcpy(&decoder, row, sizeof decoder);
        if (fuzz_is_for(decoder)) found[n++] = row;
    }
    return n ? found[byte % n] : NULL;
}

#define FUZZ_ROW(table, byte) fuzz_row(table, sizeof *(table), sizeof(table) / sizeof *(table), byte)

#endif
