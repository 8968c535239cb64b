/*
 * Text of Level III products: pages of lines, each behind its length, -1 at the end of a page.
 *
 * It stands in a block of its own, behind a copy of the headers, or where the symbology would be: then it begins at once.
 */
#include "radar/format/level3.h"
#include "radar/format/volume_format.h"

enum { BLOCK = 8, COPY = 120, PAGES = 4, TEXT_BLOCK = 3, MOST_PAGES = 256 };

static int32_t i16(const uint8_t *at)
{
    return (int16_t)nwc__u16_be(at);
}

void nwc__level3_lines_begin(const nwc__level3 *level3, nwc__level3_lines *lines)
{
    nwc__level3_block block = level3->text.at ? level3->text : level3->symbology;
    *lines = (nwc__level3_lines){0};
    if (level3->text.at) {
        if (block.size < BLOCK + COPY || i16(block.at) != -1 || i16(block.at + 2) != TEXT_BLOCK) return;
        block.at += BLOCK + COPY, block.size -= BLOCK + COPY;
    }
    if (block.size < PAGES || i16(block.at) != -1) return;
    const int32_t pages = i16(block.at + 2);
    *lines = (nwc__level3_lines){.at = block.at + PAGES,
                                 .left = block.size - PAGES,
                                 .pages = pages < MOST_PAGES ? pages : MOST_PAGES};
}

bool nwc__level3_lines_next(nwc__level3_lines *lines, char line[NWC__LEVEL3_LINE])
{
    while (lines->pages > 0 && lines->left >= 2) {
        const int32_t length = i16(lines->at);
        lines->at += 2, lines->left -= 2;
        if (length < 0) { /* the page ends */
            lines->pages--;
            continue;
        }
        if (length > lines->left) return false;
        const int32_t n = length < NWC__LEVEL3_LINE - 1 ? length : NWC__LEVEL3_LINE - 1;
        for (int32_t c = 0; c < n; c++) line[c] = lines->at[c] >= ' ' && lines->at[c] < 127 ? (char)lines->at[c] : ' ';
        line[n] = '\0';
        lines->at += length, lines->left -= length;
        return true;
    }
    return false;
}
