#include "support/made_tiff.h"

#include <string.h>
#include <zlib.h>

struct maker {
    const struct made_tiff *how;
    uint8_t *bytes;
    int64_t at;
    uint8_t entry[TIFF_TAGS][20];
    int n, sample, kind, bands;
};

double tiff_value(int band, int row, int column)
{
    return band == 0 && row == 1 && column == 2 ? -9999.0 : column + 10.0 * row - 7.0 + 100.0 * band;
}

static void put(const struct maker *m, uint8_t *at, uint64_t value, int n)
{
    for (int k = 0; k < n; k++) at[m->how->big_endian ? n - 1 - k : k] = (uint8_t)(value >> 8 * k);
}

static void put_value(const struct maker *m, uint8_t *at, double value)
{
    const float narrow = (float)value;
    uint64_t bits = (uint64_t)(int64_t)value;
    if (m->kind == 3 && m->sample == 8) memcpy(&bits, &value, 8);
    if (m->kind == 3 && m->sample == 4) {
        uint32_t low;
        memcpy(&low, &narrow, 4);
        bits = low;
    }
    put(m, at, bits, m->sample);
}

static uint64_t get(const struct maker *m, const uint8_t *at)
{
    uint64_t value = 0;
    for (int k = 0; k < m->sample; k++) value |= (uint64_t)at[m->how->big_endian ? m->sample - 1 - k : k] << 8 * k;
    return value;
}

/* Differences along a row of n samples, from its end on. */
static void differ(const struct maker *m, uint8_t *row, int n, int step)
{
    uint8_t turned[512];
    for (int k = n - 1; m->how->predictor == 2 && k >= step; k--)
        put(m, row + k * m->sample, get(m, row + k * m->sample) - get(m, row + (k - step) * m->sample), m->sample);
    if (m->how->predictor != 3) return;
    for (int k = 0; k < n; k++)
        for (int b = 0; b < m->sample; b++)
            turned[b * n + k] = row[k * m->sample + (m->how->big_endian ? b : m->sample - 1 - b)];
    for (int k = n * m->sample - 1; k >= 0; k--) row[k] = (uint8_t)(turned[k] - (k >= step ? turned[k - step] : 0));
}

/* Values of a tag: texts and bytes (type 2), whole numbers of 2 or 4 bytes (3, 4), doubles (12). */
static void add_tag(struct maker *m, int tag, int type, int n, const double *values, const char *text)
{
    static const int sizes[] = {[2] = 1, [3] = 2, [4] = 4, [12] = 8};
    const int field = m->how->big ? 8 : 4, size = sizes[type];
    if (tag == m->how->without) return;
    uint8_t *const entry = m->entry[m->n++], *at = entry + 4 + field;
    memset(entry, 0, 20);
    put(m, entry, (uint64_t)tag, 2), put(m, entry + 2, (uint64_t)type, 2), put(m, entry + 4, (uint64_t)n, field);
    if (n * size > field) {
        put(m, at, (uint64_t)m->at, field);
        at = m->bytes + m->at;
        m->at += n * size;
    }
    for (int k = 0; k < n; k++) {
        uint64_t bits = text ? (uint8_t)text[k] : type == 12 ? 0 : (uint64_t)values[k];
        if (type == 12) memcpy(&bits, &values[k], 8);
        put(m, at + k * size, bits, size);
    }
}

static void add_number(struct maker *m, int tag, int type, double value)
{
    add_tag(m, tag, type, 1, &value, NULL);
}

/* Pieces in their order, and where they are. */
static int add_pieces(struct maker *m, double *at, double *length)
{
    const struct made_tiff *const how = m->how;
    const int width = how->tiled ? 3 : TIFF_NX, height = how->tiled ? 2 : 3, planes = how->separate ? m->bands : 1;
    const int step = m->bands / planes, n = width * step;
    int count = 0;
    for (int plane = 0; plane < planes; plane++)
        for (int row0 = 0; row0 < TIFF_NY; row0 += height)
            for (int column0 = 0; column0 < TIFF_NX; column0 += width, count++) {
                uint8_t plain[1024] = {0};
                const int rows = !how->tiled && TIFF_NY - row0 < height ? TIFF_NY - row0 : height;
                for (int r = 0; r < rows; r++) {
                    uint8_t *const row = plain + r * n * m->sample;
                    for (int k = 0; k < n; k++) {
                        const int column = column0 + k / step, band = plane + k % step;
                        if (column < TIFF_NX && row0 + r < TIFF_NY)
                            put_value(m, row + k * m->sample, tiff_value(band, row0 + r, column));
                    }
                    differ(m, row, n, step);
                }
                uLongf size = (uLongf)(rows * n * m->sample);
                at[count] = (double)m->at;
                if (how->deflate)
                    size = TIFF_MOST - 4096,
                    compress2(m->bytes + m->at, &size, plain, (uLong)(rows * n * m->sample), 6);
                else
                    memcpy(m->bytes + m->at, plain, size);
                length[count] = (double)size;
                m->at += (int64_t)size;
            }
    return count;
}

static void add_place(struct maker *m)
{
    const double corner = m->how->point ? 0.5 : 0.0;
    const double scale[3] = {0.1, 0.2, 0.0}, tie[6] = {corner == 0.0 ? 0.0 : 2.0,    corner == 0.0 ? 0.0 : 1.0,   0.0,
                                                       corner == 0.0 ? 10.0 : 10.25, corner == 0.0 ? 50.0 : 49.7, 0.0};
    const double matrix[16] = {0.1, 0.0, 0.0, 10.0, 0.0, 0.2, 0.0, 49.2, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0};
    double keys[16] = {1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, m->how->point ? 2 : 1, 2048, 0, 1, 4326};
    if (m->how->projected) keys[7] = 1, keys[12] = 3072, keys[15] = m->how->projected;
    if (!m->how->matrix) {
        add_tag(m, 33550, 12, 3, scale, NULL);
        add_tag(m, 33922, 12, 6, tie, NULL);
    } else {
        add_tag(m, 34264, 12, 16, matrix, NULL);
    }
    add_tag(m, 34735, 3, 16, keys, NULL);
}

int64_t make_tiff(const struct made_tiff *how, uint8_t bytes[TIFF_MOST])
{
    struct maker m = {.how = how, .bytes = bytes, .at = how->big ? 16 : 8};
    double at[64], length[64];
    memset(bytes, 0, TIFF_MOST);
    m.kind = how->format ? how->format : 2, m.sample = how->bytes ? how->bytes : 2,
    m.bands = how->bands ? how->bands : 1;
    memcpy(bytes, how->big_endian ? "MM" : "II", 2);
    put(&m, bytes + 2, how->big ? 43 : 42, 2);
    if (how->big) put(&m, bytes + 4, 8, 2);
    const int pieces = add_pieces(&m, at, length);
    add_number(&m, 256, 3, TIFF_NX), add_number(&m, 257, 4, TIFF_NY);
    add_number(&m, 258, 3, 8.0 * m.sample), add_number(&m, 259, 3, how->deflate ? 8 : 1);
    if (!how->tiled) add_tag(&m, 273, 4, pieces, at, NULL);
    add_number(&m, 277, 3, m.bands);
    if (!how->tiled) add_number(&m, 278, 3, 3), add_tag(&m, 279, 4, pieces, length, NULL);
    add_number(&m, 284, 3, how->separate ? 2 : 1), add_number(&m, 317, 3, how->predictor ? how->predictor : 1);
    if (how->tiled) {
        add_number(&m, 322, 3, 3), add_number(&m, 323, 3, 2);
        add_tag(&m, 324, 4, pieces, at, NULL), add_tag(&m, 325, 4, pieces, length, NULL);
    }
    add_number(&m, 339, 3, m.kind);
    add_place(&m);
    if (how->notes) add_tag(&m, 42112, 2, (int)strlen(how->notes) + 1, NULL, how->notes);
    add_tag(&m, 42113, 2, 6, NULL, "-9999");
    const int entry = how->big ? 20 : 12, count = how->big ? 8 : 2, field = how->big ? 8 : 4;
    put(&m, bytes + (how->big ? 8 : 4), (uint64_t)m.at, field);
    put(&m, bytes + m.at, (uint64_t)m.n, count);
    m.at += count;
    for (int e = 0; e < m.n; e++, m.at += entry) memcpy(bytes + m.at, m.entry[e], (size_t)entry);
    return m.at + field;
}
