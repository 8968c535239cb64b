/* Reading a model of growth: lines of words in a fixed order. What is wrong is named with its line. */
#include "forecast/growth.h"

#include "core/text.h"

enum { MOST_BYTES = 1 << 22 };

#define MOST_NUMBER 1e6F

const char *const nwc__growth_input[NWC__GROWTH_INPUTS] = {"base",      "now",     "rain_2",   "recent_2",
                                                           "trend_2",   "wet_2",   "rain_8",   "recent_8",
                                                           "trend_8",   "wet_8",   "rain_32",  "recent_32",
                                                           "trend_32",  "wet_32",  "rain_128", "recent_128",
                                                           "trend_128", "wet_128", "amount_1", "amount_10",
                                                           "lead"};

static_assert((int)NWC_GROWTH_INPUTS == (int)NWC__GROWTH_INPUTS, "the header's number of inputs");

const char *nwc_growth_input_name(int32_t input)
{
    return input >= 0 && input < NWC__GROWTH_INPUTS ? nwc__growth_input[input] : NULL;
}

struct reader {
    nwc_growth_model *model;
    struct nwc__lines lines;
    int64_t line;            /* that words are of; the one behind the last at the end */
    struct nwc__span word;   /* the first */
    struct nwc__span others; /* behind it */
};

static nwc_status wrong(const struct reader *reader, const char *expected)
{
    return nwc__fail(NWC_ERR_FORMAT, "model: line %lld: %s expected", (long long)reader->line, expected);
}

/* The next line that says something; false behind the last. */
static bool next_statement(struct reader *reader)
{
    struct nwc__span line;
    while (nwc__next_line(&reader->lines, &line)) {
        const int64_t remark = nwc__span_find(line, "#");
        if (remark >= 0) line.n = remark;
        reader->line = reader->lines.number;
        reader->others = line;
        if (nwc__next_word(&reader->others, &reader->word)) return true;
    }
    reader->line++;
    reader->word.n = 0;
    return false;
}

static bool is_end(struct reader *reader)
{
    struct nwc__span word;
    return !nwc__next_word(&reader->others, &word);
}

/* The next word as a number; none is so large that four layers of them overflow. */
static bool next_number(struct reader *reader, float *value)
{
    struct nwc__span word;
    if (!nwc__next_word(&reader->others, &word)) return false;
    *value = (float)nwc__span_number(word);
    return fabsf(*value) <= MOST_NUMBER;
}

static nwc_status read_name(struct reader *reader, const char *statement, const char *expected, char *name)
{
    struct nwc__span word;
    const bool said = next_statement(reader) && nwc__span_is(reader->word, statement);
    if (!said || !nwc__next_word(&reader->others, &word) || word.n >= NWC__GROWTH_NAME || !is_end(reader))
        return wrong(reader, expected);
    nwc__span_copy(word, name, NWC__GROWTH_NAME);
    return NWC_OK;
}

static nwc_status read_input(struct reader *reader)
{
    nwc_growth_model *const model = reader->model;
    struct nwc__span word;
    int32_t input = 0;
    const int32_t n = model->n_inputs;
    if (!nwc__next_word(&reader->others, &word)) return wrong(reader, "the name of an input");
    while (input < NWC__GROWTH_INPUTS && !nwc__span_is(word, nwc__growth_input[input])) input++;
    if (input == NWC__GROWTH_INPUTS) return wrong(reader, "the name of an input");
    for (int32_t k = 0; k < n; k++)
        if (model->input[k] == input) return wrong(reader, "each input once");
    model->input[n] = input;
    if (!next_number(reader, &model->mean[n]) || !next_number(reader, &model->scale[n]) || !(model->scale[n] > 0.0F) ||
        !is_end(reader))
        return wrong(reader, "input, its name, a number and a scale above 0");
    model->n_inputs++;
    return NWC_OK;
}

static nwc_status read_layer(struct reader *reader, int32_t n_below)
{
    nwc_growth_model *const model = reader->model;
    float units = 0.0F;
    const int32_t l = model->n_layers;
    if (l == NWC__GROWTH_LAYERS) return wrong(reader, "at most 4 layers");
    if (!next_number(reader, &units) || !is_end(reader) || !(units >= 1.0F && units <= NWC__GROWTH_UNITS) ||
        units != floorf(units))
        return wrong(reader, "layer and a number of units, 1 to 64,");
    model->n_units[l] = (int32_t)units;
    float *at = nwc__alloc(&model->memory, (int64_t)model->n_units[l] * (n_below + 1), sizeof *at);
    if (!at) return NWC_ERR_NOMEM;
    model->weights[model->n_layers++] = at;
    for (int32_t u = 0; u < model->n_units[l]; u++) {
        if (!next_statement(reader) || !nwc__span_is(reader->word, "unit"))
            return wrong(reader, "as many units as the layer has");
        for (int32_t w = 0; w <= n_below; w++)
            if (!next_number(reader, at++))
                return nwc__fail(NWC_ERR_FORMAT, "model: line %lld: a bias and %d weights expected, number %d is none",
                                 (long long)reader->line, (int)n_below, (int)w);
        if (!is_end(reader))
            return nwc__fail(NWC_ERR_FORMAT, "model: line %lld: a bias and %d weights expected, more given",
                             (long long)reader->line, (int)n_below);
    }
    return NWC_OK;
}

static nwc_status read_all(struct reader *reader)
{
    nwc_growth_model *const model = reader->model;
    struct nwc__span kind, version;
    const bool good = next_statement(reader) && nwc__span_is(reader->word, "nowcast") &&
                      nwc__next_word(&reader->others, &kind) && nwc__span_is(kind, "growth") &&
                      nwc__next_word(&reader->others, &version) && nwc__span_is(version, "1") && is_end(reader);
    if (!good) return wrong(reader, "nowcast growth 1");
    NWC__TRY(read_name(reader, "model", "model and its name", model->name));
    NWC__TRY(read_name(reader, "base", "base and the name of a method", model->base));
    bool more = next_statement(reader);
    for (; more && nwc__span_is(reader->word, "input"); more = next_statement(reader)) NWC__TRY(read_input(reader));
    if (model->n_inputs == 0) return wrong(reader, "an input");
    int32_t n_below = model->n_inputs;
    for (; more && nwc__span_is(reader->word, "layer"); more = next_statement(reader)) {
        NWC__TRY(read_layer(reader, n_below));
        n_below = model->n_units[model->n_layers - 1];
    }
    if (model->n_layers == 0) return wrong(reader, "a layer");
    if (more) return wrong(reader, "a layer or the end");
    return n_below == 1 ? NWC_OK : wrong(reader, "a last layer of one unit");
}

nwc_status nwc_growth_model_read(nwc_ctx *ctx, const char *text, int64_t size, nwc_growth_model **made)
{
    ctx = nwc__ctx(ctx);
    if (!made) return nwc__fail(NWC_ERR_ARG, "model: a place for the model expected, NULL given");
    *made = NULL;
    if (!text) return nwc__fail(NWC_ERR_ARG, "text: that of a model expected, NULL given");
    if (size < 0 || size > MOST_BYTES)
        return nwc__fail(NWC_ERR_ARG, "size: 0 to %d bytes expected, %lld given", MOST_BYTES, (long long)size);
    nwc_growth_model *const model = nwc__alloc(ctx, 1, sizeof *model);
    if (!model) return NWC_ERR_NOMEM;
    *model = (nwc_growth_model){.memory = {.alloc = ctx->alloc, .free = ctx->free, .alloc_user = ctx->alloc_user}};
    struct reader reader = {.model = model, .lines = nwc__lines_of((const uint8_t *)text, size)};
    const nwc_status status = read_all(&reader);
    if (status == NWC_OK)
        *made = model;
    else
        nwc_growth_model_destroy(model);
    return status;
}

void nwc_growth_model_destroy(nwc_growth_model *model)
{
    if (!model) return;
    struct nwc_ctx memory = model->memory;
    for (int32_t l = 0; l < model->n_layers; l++) nwc__free(&memory, model->weights[l]);
    nwc__free(&memory, model);
}

const char *nwc_growth_model_name(const nwc_growth_model *model)
{
    return model ? model->name : NULL;
}

const char *nwc_growth_model_base(const nwc_growth_model *model)
{
    return model ? model->base : NULL;
}
