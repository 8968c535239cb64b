/*
 * Deflated bytes unpacked at one stroke by libdeflate, which takes less than half the time of zlib since it keeps no state between
 * two calls. It wants all of the packed bytes and room for all that comes out; where that cannot be had, and for what is
 * damaged, there is zlib.
 */
#include "core/inflate.h"

#ifdef NWC__HAVE_LIBDEFLATE
#include <libdeflate.h>

bool nwc__inflate_at_once(enum nwc__deflate_frame frame, const uint8_t *in, int64_t n_in, uint8_t *out, int64_t n_out,
                          int64_t *used, int64_t *made)
{
    struct libdeflate_decompressor *const unpacker = libdeflate_alloc_decompressor();
    if (!unpacker) return false;
    size_t in_used = 0, out_made = 0;
    const enum libdeflate_result result =
        (frame == NWC__DEFLATE_GZIP ? libdeflate_gzip_decompress_ex
         : frame == NWC__DEFLATE_ZLIB
             ? libdeflate_zlib_decompress_ex
             : libdeflate_deflate_decompress_ex)(unpacker, in, (size_t)n_in, out, (size_t)n_out, &in_used, &out_made);
    libdeflate_free_decompressor(unpacker);
    if (result != LIBDEFLATE_SUCCESS) return false;
    *used = (int64_t)in_used, *made = (int64_t)out_made;
    return true;
}
#else
bool nwc__inflate_at_once(enum nwc__deflate_frame frame, const uint8_t *in, int64_t n_in, uint8_t *out, int64_t n_out,
                          int64_t *used, int64_t *made)
{
    (void)frame, (void)in, (void)n_in, (void)out, (void)n_out, (void)used, (void)made;
    return false;
}
#endif
