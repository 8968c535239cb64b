/* Small files of radar formats, made byte by byte, for tests and fuzzers. */
#ifndef NWC_TEST_MADE_FILES_H
#define NWC_TEST_MADE_FILES_H

#include <stdint.h>

enum { NIMROD_SIZE = 4 + 512 + 8 + 2 * 6 + 4, RV_CELLS = 900 * 900, RV_MOST = 256 + 2 * RV_CELLS };

/* Big-endian, as NIMROD has them. */
void put_short(uint8_t *at, int value);
void put_word(uint8_t *at, uint32_t value);

/* 2 rows of 3 cells: 0, 1, 2 in the north and 32, missing, 64 in the south, in 1/32 mm/h, at 16:05 from 15:50. */
void make_nimrod(uint8_t bytes[NIMROD_SIZE]);

/* A 900 x 900 RADOLAN file whose cell c holds c % 5000 % 4096, some with flags; returns its size, at most RV_MOST. */
int64_t make_radolan(uint8_t *bytes, int lead_min);

/*
 * The first size bytes of a message of Level III: its headers, of 120 bytes, and those of its symbology and of a layer, as
 * far as they go.
 */
enum { LEVEL3_BEGIN = 136 };
void begin_level3(uint8_t *bytes, int product, int64_t size);

/* Append a member to an archive at *at. */
void put_member(uint8_t *archive, int64_t *at, const char *name, const uint8_t *bytes, int64_t size);

/* Give a member's header the checksum it should have. */
void sign_member(uint8_t *header);

/*
 * n bytes as Unix compress packs them, with codes of at most most_width bits; the table is cleared every clear_at bytes, never
 * for 0. to has room for 2 n + 16. Returns the size.
 */
int64_t pack_compress(const uint8_t *bytes, int64_t n, uint8_t *to, int most_width, int64_t clear_at);

#endif
