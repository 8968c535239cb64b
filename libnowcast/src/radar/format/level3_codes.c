/*
 * Products of NEXRAD Level III and what their codes mean. Sources: interface control document 2620001 (RPG to class 1 user),
 * table III and notes to figure 3-6; the floating point of two bytes is that of its section on product 134.
 */
#include "radar/format/format.h"
#include "radar/format/level3.h"
#include "radar/format/volume_format.h"

#define KNOT_M_S (1852.0 / 3600.0)
#define KILOFOOT_KM 0.3048
#define INCH_MM 25.4

/* clang-format off */
#define POLAR NWC__LEVEL3_POLAR
#define GRID NWC__LEVEL3_GRID
#define STEPPED NWC__LEVEL3_STEPPED
#define LINEAR NWC__LEVEL3_LINEAR
#define DOPPLER NWC__LEVEL3_DOPPLER
#define REAL NWC__LEVEL3_REAL
#define AMOUNTS NWC__LEVEL3_AMOUNTS

static const nwc__level3_product products[] = {
    {16, POLAR, STEPPED, "R", "DBZH", "dBZ", 1.0, 1000.0, 0.0, true},
    {17, POLAR, STEPPED, "R", "DBZH", "dBZ", 1.0, 2000.0, 0.0, true},
    {18, POLAR, STEPPED, "R", "DBZH", "dBZ", 1.0, 4000.0, 0.0, true},
    {19, POLAR, STEPPED, "R", "DBZH", "dBZ", 1.0, 1000.0, 0.0, true},
    {20, POLAR, STEPPED, "R", "DBZH", "dBZ", 1.0, 2000.0, 0.0, true},
    {21, POLAR, STEPPED, "R", "DBZH", "dBZ", 1.0, 4000.0, 0.0, true},
    {22, POLAR, STEPPED, "V", "VRADH", "m s-1", KNOT_M_S, 250.0, 0.0, true},
    {23, POLAR, STEPPED, "V", "VRADH", "m s-1", KNOT_M_S, 500.0, 0.0, true},
    {24, POLAR, STEPPED, "V", "VRADH", "m s-1", KNOT_M_S, 1000.0, 0.0, true},
    {25, POLAR, STEPPED, "V", "VRADH", "m s-1", KNOT_M_S, 250.0, 0.0, true},
    {26, POLAR, STEPPED, "V", "VRADH", "m s-1", KNOT_M_S, 500.0, 0.0, true},
    {27, POLAR, STEPPED, "V", "VRADH", "m s-1", KNOT_M_S, 1000.0, 0.0, true},
    {28, POLAR, STEPPED, "SW", "WRADH", "m s-1", KNOT_M_S, 250.0, 0.0, true},
    {29, POLAR, STEPPED, "SW", "WRADH", "m s-1", KNOT_M_S, 500.0, 0.0, true},
    {30, POLAR, STEPPED, "SW", "WRADH", "m s-1", KNOT_M_S, 1000.0, 0.0, true},
    {32, POLAR, LINEAR, "DHR", "DHR", "dBZ", 1.0, 1000.0, 0.0, false},
    {35, GRID, STEPPED, "CR", "DBZH", "dBZ", 1.0, 1000.0, 230e3, false},
    {36, GRID, STEPPED, "CR", "DBZH", "dBZ", 1.0, 4000.0, 460e3, false},
    {37, GRID, STEPPED, "CR", "DBZH", "dBZ", 1.0, 1000.0, 230e3, false},
    {38, GRID, STEPPED, "CR", "DBZH", "dBZ", 1.0, 4000.0, 460e3, false},
    {41, GRID, STEPPED, "ET", "HGHT", "km", KILOFOOT_KM, 4000.0, 230e3, false},
    {48, NWC__LEVEL3_WINDS, STEPPED, "VWP", "", "", 1.0, 0.0, 0.0, false},
    {56, POLAR, STEPPED, "SRM", "SRM", "m s-1", KNOT_M_S, 1000.0, 0.0, true},
    {57, GRID, STEPPED, "VIL", "VIL", "kg m-2", 1.0, 4000.0, 230e3, false},
    {58, NWC__LEVEL3_CELLS, STEPPED, "STI", "", "", 1.0, 0.0, 0.0, false},
    {59, NWC__LEVEL3_CELLS, STEPPED, "HI", "", "", 1.0, 0.0, 0.0, false},
    {61, NWC__LEVEL3_CELLS, STEPPED, "TVS", "", "", 1.0, 0.0, 0.0, false},
    {62, NWC__LEVEL3_CELLS, STEPPED, "SS", "", "", 1.0, 0.0, 0.0, false},
    {63, GRID, STEPPED, "LRA", "DBZH", "dBZ", 1.0, 4000.0, 230e3, false},
    {64, GRID, STEPPED, "LRA", "DBZH", "dBZ", 1.0, 4000.0, 230e3, false},
    {65, GRID, STEPPED, "LRM", "DBZH", "dBZ", 1.0, 4000.0, 230e3, false},
    {66, GRID, STEPPED, "LRM", "DBZH", "dBZ", 1.0, 4000.0, 230e3, false},
    {78, POLAR, STEPPED, "OHP", "ACRR", "mm", INCH_MM, 0.0, 230e3, false},
    {79, POLAR, STEPPED, "THP", "ACRR", "mm", INCH_MM, 0.0, 230e3, false},
    {80, POLAR, STEPPED, "STP", "ACRR", "mm", INCH_MM, 0.0, 230e3, false},
    {81, NWC__LEVEL3_BOXES, NWC__LEVEL3_DECIBELS, "DPA", "ACRR", "mm", 1.0, 0.0, 230e3, false},
    {89, GRID, STEPPED, "LRA", "DBZH", "dBZ", 1.0, 4000.0, 230e3, false},
    {90, GRID, STEPPED, "LRM", "DBZH", "dBZ", 1.0, 4000.0, 230e3, false},
    {93, POLAR, DOPPLER, "DV", "VRADH", "m s-1", 1.0, 1000.0, 0.0, true},
    {94, POLAR, LINEAR, "DR", "DBZH", "dBZ", 1.0, 1000.0, 0.0, true},
    {95, GRID, STEPPED, "CRE", "DBZH", "dBZ", 1.0, 1000.0, 230e3, false},
    {96, GRID, STEPPED, "CRE", "DBZH", "dBZ", 1.0, 4000.0, 460e3, false},
    {97, GRID, STEPPED, "CRE", "DBZH", "dBZ", 1.0, 1000.0, 230e3, false},
    {98, GRID, STEPPED, "CRE", "DBZH", "dBZ", 1.0, 4000.0, 460e3, false},
    {99, POLAR, DOPPLER, "DV", "VRADH", "m s-1", 1.0, 250.0, 0.0, true},
    {134, POLAR, NWC__LEVEL3_LIQUID, "DVL", "VIL", "kg m-2", 1.0, 1000.0, 0.0, false},
    {135, POLAR, NWC__LEVEL3_TOPS, "EET", "HGHT", "km", KILOFOOT_KM, 1000.0, 0.0, false},
    {138, POLAR, NWC__LEVEL3_TOTALS, "DSP", "ACRR", "mm", INCH_MM, 0.0, 230e3, false},
    {141, NWC__LEVEL3_CELLS, STEPPED, "MD", "", "", 1.0, 0.0, 0.0, false},
    {153, POLAR, LINEAR, "SDR", "DBZH", "dBZ", 1.0, 250.0, 0.0, true},
    {154, POLAR, DOPPLER, "SDV", "VRADH", "m s-1", 1.0, 250.0, 0.0, true},
    {155, POLAR, NWC__LEVEL3_WIDTHS, "SDW", "WRADH", "m s-1", 1.0, 250.0, 0.0, true},
    {158, POLAR, STEPPED, "ZDR", "ZDR", "dB", 1.0, 1000.0, 0.0, true},
    {159, POLAR, REAL, "DZD", "ZDR", "dB", 1.0, 250.0, 0.0, true},
    {160, POLAR, STEPPED, "CC", "RHOHV", "1", 1.0, 1000.0, 0.0, true},
    {161, POLAR, REAL, "DCC", "RHOHV", "1", 1.0, 250.0, 0.0, true},
    {162, POLAR, STEPPED, "KDP", "KDP", "degrees km-1", 1.0, 1000.0, 0.0, true},
    {163, POLAR, REAL, "DKD", "KDP", "degrees km-1", 1.0, 250.0, 0.0, true},
    {165, POLAR, NWC__LEVEL3_CLASSES, "DHC", "CLASS", "1", 1.0, 250.0, 0.0, true},
    {167, POLAR, REAL, "SDC", "RHOHV", "1", 1.0, 250.0, 0.0, true},
    {168, POLAR, REAL, "SDP", "PHIDP", "degrees", 1.0, 250.0, 0.0, true},
    {169, POLAR, STEPPED, "OHA", "ACRR", "mm", INCH_MM, 0.0, 230e3, false},
    {170, POLAR, AMOUNTS, "DAA", "ACRR", "mm", 0.01 * INCH_MM, 250.0, 0.0, false},
    {171, POLAR, STEPPED, "STA", "ACRR", "mm", INCH_MM, 0.0, 230e3, false},
    {172, POLAR, AMOUNTS, "DSA", "ACRR", "mm", 0.01 * INCH_MM, 250.0, 0.0, false},
    {173, POLAR, AMOUNTS, "DUA", "ACRR", "mm", 0.01 * INCH_MM, 250.0, 0.0, false},
    {174, POLAR, AMOUNTS, "DOD", "DOD", "mm", 0.01 * INCH_MM, 250.0, 0.0, false},
    {175, POLAR, AMOUNTS, "DSD", "DSD", "mm", 0.01 * INCH_MM, 250.0, 0.0, false},
    {176, POLAR, AMOUNTS, "DPR", "RATE", "mm h-1", INCH_MM, 0.0, 0.0, false},
    {177, POLAR, NWC__LEVEL3_CLASSES, "HHC", "CLASS", "1", 1.0, 250.0, 0.0, false},
    {180, POLAR, LINEAR, "TDR", "DBZH", "dBZ", 1.0, 150.0, 0.0, true},
    {181, POLAR, STEPPED, "TR", "DBZH", "dBZ", 1.0, 150.0, 0.0, true},
    {182, POLAR, DOPPLER, "TDV", "VRADH", "m s-1", 1.0, 150.0, 0.0, true},
    {186, POLAR, LINEAR, "TDL", "DBZH", "dBZ", 1.0, 300.0, 0.0, true},
    {193, POLAR, LINEAR, "SDR", "DBZH", "dBZ", 1.0, 250.0, 0.0, true},
    {195, POLAR, LINEAR, "DR", "DBZH", "dBZ", 1.0, 1000.0, 0.0, true},
};
/* clang-format on */

const nwc__level3_product *nwc__level3_product_of(int32_t code)
{
    for (size_t p = 0; p < sizeof products / sizeof products[0]; p++)
        if (products[p].code == code) return &products[p];
    return NULL;
}

float nwc__level3_nothing(const nwc__level3_product *product, float no_echo)
{
    static const char *const amounts[] = {"HGHT", "VIL", "ACRR"};
    if (strcmp(product->units, "dBZ") == 0) return no_echo;
    for (size_t a = 0; a < sizeof amounts / sizeof amounts[0]; a++)
        if (strcmp(product->quantity, amounts[a]) == 0) return 0.0F;
    return NAN;
}

enum { BELOW = 2, FOLDED = 3 }; /* letter codes: up to BELOW blank, "TH" and "ND" */

/* A level is a letter code, or a number with its sign and its divisor. */
static bool number_of(uint16_t level, float *number)
{
    if (level & 0x8000) return false;
    const float divisor = level & 0x4000 ? 100.0F : level & 0x2000 ? 20.0F : level & 0x1000 ? 10.0F : 1.0F;
    *number = (level & 0x0100 ? -1.0F : 1.0F) * (float)(level & 0xff) / divisor;
    return true;
}

static void read_stepped(const nwc__level3 *level3, float nothing, nwc__level3_codes *codes)
{
    const float unit = (float)level3->product->unit;
    for (int c = 0; c < NWC__LEVEL3_LEVELS; c++) {
        const uint16_t level = level3->level[c], letters = level & 0xff;
        if (number_of(level, &codes->value[c])) {
            codes->value[c] *= unit;
            if (c == 0 || isnan(codes->value[c - 1]) || codes->value[c - 1] == nothing) continue;
            codes->resolution = fmax(codes->resolution, fabs((double)(codes->value[c] - codes->value[c - 1])));
        } else if (letters <= BELOW) {
            codes->value[c] = nothing;
        } else if (letters == FOLDED) {
            codes->flag[c] = NWC_GATE_RANGE_FOLDED;
        }
    }
}

static void read_linear(const nwc__level3 *level3, float nothing, nwc__level3_codes *codes)
{
    const double least = 0.1 * (double)(int16_t)level3->level[0], step = 0.1 * (double)level3->level[1];
    /* Widths stand as in Level II, where 0 is code 129, unless the product begins below it. */
    const int first = level3->product->scale == NWC__LEVEL3_WIDTHS && least >= 0.0 ? 129 : 2;
    const int n = level3->level[2] < 256 - first ? level3->level[2] : 256 - first;
    for (int c = 0; c < n; c++) codes->value[first + c] = (float)(level3->product->unit * (least + step * c));
    codes->value[0] = nothing;
    if (level3->product->scale != NWC__LEVEL3_LINEAR) codes->flag[1] = NWC_GATE_RANGE_FOLDED;
    codes->resolution = level3->product->unit * step;
}

static float real_of(const uint16_t halves[2])
{
    const uint32_t bits = (uint32_t)halves[0] << 16 | halves[1];
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

bool nwc__level3_read_real(const nwc__level3 *level3, nwc__level3_real *real)
{
    *real = (nwc__level3_real){.unit = level3->product->unit,
                               .scale = (double)real_of(level3->level),
                               .offset = (double)real_of(level3->level + 2),
                               .least = level3->level[6],
                               .most = (int32_t)level3->level[5] - level3->level[7]};
    return isfinite(real->scale) && real->scale != 0.0 && isfinite(real->offset);
}

static void read_real(const nwc__level3 *level3, float nothing, nwc__level3_codes *codes)
{
    nwc__level3_real real;
    if (!nwc__level3_read_real(level3, &real)) return;
    for (int c = real.least; c <= real.most && c < 256; c++)
        codes->value[c] = (float)(real.unit * (((double)c - real.offset) / real.scale));
    codes->resolution = real.unit * fabs(1.0 / real.scale);
    if (level3->product->scale == NWC__LEVEL3_AMOUNTS) return;
    if (real.least > 0) codes->value[0] = nothing;
    if (real.least > 1) codes->flag[1] = NWC_GATE_RANGE_FOLDED;
}

static void read_totals(const nwc__level3 *level3, nwc__level3_codes *codes)
{
    const double unit = 0.01 * level3->product->unit, step = unit * (double)level3->level[1];
    const int n = level3->level[2] < 255 ? level3->level[2] : 255;
    for (int c = 0; c < n; c++) codes->value[c] = (float)(unit * (double)(int16_t)level3->level[0] + step * c);
    codes->resolution = step;
}

static void read_decibels(const nwc__level3 *level3, float nothing, nwc__level3_codes *codes)
{
    const double least = 0.1 * (double)(int16_t)level3->level[0], step = 0.001 * (double)level3->level[1];
    const int n = level3->level[2] < 254 ? level3->level[2] : 254;
    for (int c = 0; c < n; c++) codes->value[1 + c] = (float)pow(10.0, 0.1 * (least + step * c));
    codes->value[0] = nothing;
}

/* Floating point of 16 bits that is not IEEE's: the exponent's bias is 16, and a zero exponent is that of 2. */
static double half_of(uint16_t bits)
{
    const int exponent = bits >> 10 & 31;
    const double fraction = (double)(bits & 1023) / 1024.0;
    const double size = exponent ? ldexp(1.0 + fraction, exponent - 16) : 2.0 * fraction;
    return bits & 0x8000 ? -size : size;
}

static void read_liquid(const nwc__level3 *level3, float nothing, nwc__level3_codes *codes)
{
    const double scale = half_of(level3->level[0]), offset = half_of(level3->level[1]);
    const double log_scale = half_of(level3->level[3]), log_offset = half_of(level3->level[4]);
    if (scale == 0.0 || log_scale == 0.0) return;
    for (int c = 2; c < 255; c++)
        codes->value[c] =
            (float)(c < level3->level[2] ? (c - offset) / scale : exp(((double)c - log_offset) / log_scale));
    codes->value[0] = nothing;
}

static void read_tops(const nwc__level3 *level3, float nothing, nwc__level3_codes *codes)
{
    const int mask = level3->level[0], scale = level3->level[1], offset = level3->level[2];
    if (scale == 0) return;
    for (int c = 2; c < 256; c++)
        codes->value[c] = (float)(level3->product->unit * (double)((c & mask) - offset) / (double)scale);
    codes->value[0] = nothing;
    codes->resolution = level3->product->unit / (double)scale;
}

/* Biological 10, clutter 20, ice 30, dry snow 40, wet snow 50, rain 60 ... unknown 140. */
static void read_classes(nwc__level3_codes *codes)
{
    for (int c = 10; c < 150; c += 10) codes->value[c] = (float)c;
    codes->flag[150] = NWC_GATE_RANGE_FOLDED;
}

void nwc__level3_read_codes(const nwc__level3 *level3, float nothing, nwc__level3_codes *codes)
{
    *codes = (nwc__level3_codes){0};
    for (int c = 0; c < 256; c++) codes->value[c] = NAN;
    switch (level3->product->scale) {
    case NWC__LEVEL3_STEPPED:
        read_stepped(level3, nothing, codes);
        break;
    case NWC__LEVEL3_LINEAR:
    case NWC__LEVEL3_DOPPLER:
    case NWC__LEVEL3_WIDTHS:
        read_linear(level3, nothing, codes);
        break;
    case NWC__LEVEL3_REAL:
    case NWC__LEVEL3_AMOUNTS:
        read_real(level3, nothing, codes);
        break;
    case NWC__LEVEL3_TOTALS:
        read_totals(level3, codes);
        break;
    case NWC__LEVEL3_DECIBELS:
        read_decibels(level3, nothing, codes);
        break;
    case NWC__LEVEL3_LIQUID:
        read_liquid(level3, nothing, codes);
        break;
    case NWC__LEVEL3_TOPS:
        read_tops(level3, nothing, codes);
        break;
    case NWC__LEVEL3_CLASSES:
        read_classes(codes);
        break;
    }
}
