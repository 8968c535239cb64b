/* Values into codes, numbers into bytes: what encoders of radar volumes share. */
#include "radar/format/encode.h"

#define ON_STEP 0.02   /* parts of a step a value may be off it, by rounding */
#define FINER 10.0     /* where whole numbers miss the values, a step so much finer is taken */
#define MOST_VALUE 1e9 /* no quantity of the weather is larger */

/* ---- bytes ---- */

void nwc__put_u16_le(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)value, at[1] = (uint8_t)(value >> 8);
}

void nwc__put_u32_le(uint8_t *at, uint32_t value)
{
    nwc__put_u16_le(at, value), nwc__put_u16_le(at + 2, value >> 16);
}

void nwc__put_u16_be(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8), at[1] = (uint8_t)value;
}

void nwc__put_u32_be(uint8_t *at, uint32_t value)
{
    nwc__put_u16_be(at, value >> 16), nwc__put_u16_be(at + 2, value);
}

static uint32_t bits_of(double value)
{
    const float number = (float)value;
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

void nwc__put_f32_le(uint8_t *at, double value)
{
    nwc__put_u32_le(at, bits_of(value));
}

void nwc__put_f32_be(uint8_t *at, double value)
{
    nwc__put_u32_be(at, bits_of(value));
}

void nwc__put_text(nwc_ctx *ctx, uint8_t *at, size_t n, uint8_t fill, const char *what, const char *text)
{
    const size_t length = strlen(text);
    if (length > n)
        nwc__log(ctx, NWC_LOG_WARNING, "%s: \"%s\" is cut to the %d bytes that the format has", what, text, (int)n);
    memset(at, fill, n);
    memcpy(at, text, length < n ? length : n);
}

void nwc__log_left_out(nwc_ctx *ctx, const nwc_volume *volume, int32_t sweep, const char *name, const char *format)
{
    nwc_moment moment;
    for (int32_t s = 0; s < sweep; s++)
        if (nwc_volume_find(volume, s, name, &moment) == NWC_OK) return; /* it was said there */
    nwc__log(ctx, NWC_LOG_WARNING, "%s has no place for %s, which is left out", format, name);
}

float nwc__one_of_rays(nwc_ctx *ctx, int32_t sweep, const float *numbers, int64_t n, const char *what)
{
    const float one = numbers[n / 2];
    bool differ = false;
    for (int64_t r = 0; r < n; r++) differ |= isnan(numbers[r]) != isnan(one) || fabsf(numbers[r] - one) > 0.01f;
    if (differ)
        nwc__log(ctx, NWC_LOG_WARNING, "sweep %d: %s of its rays differ: one is kept, %g", (int)sweep, what,
                 (double)one);
    return one;
}

/* ---- codes ---- */

static bool is_nothing(const nwc_moment *moment, float value)
{
    return value == (float)NWC_NOTHING_DBZ && strcmp(moment->field.units, "dBZ") == 0;
}

static float value_at(const nwc_moment *moment, int64_t ray, int64_t gate)
{
    return moment->field.data[ray * moment->field.stride[0] + gate * moment->field.stride[1]];
}

static bool has_value(const nwc_moment *moment, float value)
{
    return isfinite(value) && !is_nothing(moment, value);
}

/* The least and the most of the values; false where there is none. */
static bool find_span(const nwc_moment *moment, double *least, double *most)
{
    *least = INFINITY, *most = -INFINITY;
    for (int64_t r = 0; r < moment->field.dim[0]; r++)
        for (int64_t g = 0; g < moment->field.dim[1]; g++) {
            const float value = value_at(moment, r, g);
            if (!has_value(moment, value)) continue;
            *least = (double)value < *least ? (double)value : *least;
            *most = (double)value > *most ? (double)value : *most;
        }
    return *least <= *most;
}

static double off_whole(double number)
{
    return fabs(number - floor(number + 0.5));
}

/* Whether all values lie whole steps above the least. */
static bool is_stepped(const nwc_moment *moment, double least)
{
    if (!(moment->resolution > 0.0)) return false;
    for (int64_t r = 0; r < moment->field.dim[0]; r++)
        for (int64_t g = 0; g < moment->field.dim[1]; g++) {
            const float value = value_at(moment, r, g);
            if (has_value(moment, value) && off_whole(((double)value - least) / moment->resolution) > ON_STEP)
                return false;
        }
    return true;
}

static double top_of(int32_t bits)
{
    return bits == 8 ? 255.0 : 65535.0;
}

static bool holds(const struct nwc__coding *coding, double least, double most)
{
    return floor(least * coding->scale + coding->offset + 0.5) >= coding->lowest &&
           floor(most * coding->scale + coding->offset + 0.5) <= top_of(coding->bits);
}

/* Whether a coding gives values of this step back as they are. */
static bool is_exact(const struct nwc__coding *coding, double step, double least)
{
    const double parts = step * coding->scale;
    return parts > 0.5 && off_whole(parts) < 1e-4 && off_whole(least * coding->scale + coding->offset) < ON_STEP;
}

nwc_status nwc__choose_coding(nwc_ctx *ctx, const nwc_moment *moment, const struct nwc__coding *usual,
                              struct nwc__coding *coding)
{
    double least, most;
    *coding = *usual;
    if (!find_span(moment, &least, &most)) return NWC_OK;
    if (fabs(least) > MOST_VALUE || fabs(most) > MOST_VALUE)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "%s: values that codes can hold expected, %g to %g given", moment->name,
                         least, most);
    const double step = is_stepped(moment, least) ? moment->resolution : 0.0;
    if (holds(usual, least, most) && (step == 0.0 || is_exact(usual, step, least))) return NWC_OK;
    double scale = step > 0.0 ? 1.0 / step : usual->scale;
    const double widest = (top_of(16) - usual->lowest - 1.0) / fmax(most - least, 1e-9);
    const bool between = off_whole(scale) > 1e-4 * scale || (step > 0.0 && off_whole(least * scale) > ON_STEP);
    if (usual->whole && between) scale = ceil(FINER * scale);
    if (scale > widest) {
        scale = usual->whole ? floor(widest) : widest;
        if (scale < 1.0 && usual->whole)
            return nwc__fail(NWC_ERR_UNSUPPORTED, "%s: values that codes can hold expected, %g to %g given",
                             moment->name, least, most);
        nwc__log(ctx, NWC_LOG_WARNING, "%s: values from %g to %g are kept in steps of %g", moment->name, least, most,
                 1.0 / scale);
    }
    coding->scale = usual->whole ? floor(scale + 0.5) : scale;
    coding->offset = usual->lowest - (usual->whole ? floor(least * coding->scale) : least * coding->scale);
    if (fabs(coding->offset) > INT32_MAX)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "%s: values that codes can hold expected, %g to %g given", moment->name,
                         least, most);
    coding->bits = usual->bits;
    if (!holds(coding, least, most)) coding->bits = 16;
    return NWC_OK;
}

void nwc__choose_steps(const nwc_moment *moment, struct nwc__coding *coding)
{
    double least, most;
    *coding = (struct nwc__coding){.lowest = 1};
    if (!find_span(moment, &least, &most)) {
        *coding = (struct nwc__coding){.scale = 1.0, .bits = 8, .lowest = 1};
        return;
    }
    if (!is_stepped(moment, least)) return;
    coding->scale = 1.0 / moment->resolution;
    coding->offset = 1.0 - least * coding->scale;
    const double codes = (most - least) * coding->scale + 1.0; /* the most of all is for what is not known */
    coding->bits = codes < top_of(8) - 0.5 ? 8 : codes < top_of(16) - 0.5 ? 16 : 0;
}

static int32_t code_of(const nwc_moment *moment, float value, uint8_t flags, const struct nwc__coding *coding,
                       const struct nwc__no_value *no_value)
{
    if (!isfinite(value)) return flags & NWC_GATE_RANGE_FOLDED ? no_value->folded : no_value->unknown;
    if (is_nothing(moment, value)) return no_value->nothing;
    const double code = floor((double)value * coding->scale + coding->offset + 0.5);
    return (int32_t)fmin(fmax(code, coding->lowest), top_of(coding->bits));
}

void nwc__encode_ray(const nwc_moment *moment, int64_t ray, int64_t n, const struct nwc__coding *coding,
                     const struct nwc__no_value *no_value, bool big_endian, uint8_t *to)
{
    const nwc_flags *const f = &moment->flags;
    for (int64_t g = 0; g < n; g++) {
        const uint8_t flags = f->data ? f->data[ray * f->stride[0] + g * f->stride[1]] : 0;
        const int32_t code = code_of(moment, value_at(moment, ray, g), flags, coding, no_value);
        if (coding->bits == 8)
            to[g] = (uint8_t)code;
        else
            (big_endian ? nwc__put_u16_be : nwc__put_u16_le)(to + 2 * g, (uint32_t)code);
    }
}

int64_t nwc__gates_known(const nwc_moment *moment)
{
    const nwc_flags *const f = &moment->flags;
    for (int64_t g = moment->field.dim[1] - 1; g > 0; g--)
        for (int64_t r = 0; r < moment->field.dim[0]; r++)
            if (!isnan(value_at(moment, r, g)) || (f->data && f->data[r * f->stride[0] + g * f->stride[1]]))
                return g + 1;
    return 1;
}
