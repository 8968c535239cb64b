/* Reading a model of hazards: lines of words, one statement each. What is wrong is named with its line. */
#include "cells/hazard.h"
#include "core/text.h"

enum { MOST_WORDS = 6, MOST_BYTES = 1 << 26 };

static const char *const hazard_names[NWC_CELL_HAZARDS] = {"rain_20", "rain_30", "rain_50", "rain_80",
                                                           "gale_8",  "gale_9",  "gale_10", "gale_11",
                                                           "hail",    "hail_20", "tornado", "lightning"};

const char *nwc_cell_hazard_name(int32_t hazard)
{
    return hazard >= 0 && hazard < NWC_CELL_HAZARDS ? hazard_names[hazard] : NULL;
}

struct reader {
    nwc_hazard_model *model;
    struct nwc__hazard_rule *rule; /* that is being read; NULL before the first */
    int64_t line;
    struct nwc__span word[MOST_WORDS];
    int32_t n_words;
    bool scored;        /* mean or sum has been said */
    int32_t first_node; /* of the tree that is being read */
};

static nwc_status wrong(const struct reader *reader, const char *expected)
{
    return nwc__fail(NWC_ERR_FORMAT, "model: line %lld: %s expected", (long long)reader->line, expected);
}

static nwc_status put(struct nwc__buffer *list, const void *element, size_t size)
{
    uint8_t *at;
    NWC__TRY(nwc__buffer_extend(list, (int64_t)size, &at));
    memcpy(at, element, size);
    return NWC_OK;
}

/* A word as a finite number. */
static nwc_status number(const struct reader *reader, int32_t word, double *value)
{
    *value = nwc__span_number(reader->word[word]);
    return isfinite(*value) ? NWC_OK : wrong(reader, "a number");
}

/* A word as a name that values are asked for by: its number, found or made. */
static nwc_status name(const struct reader *reader, int32_t word, int32_t *of)
{
    nwc_hazard_model *const model = reader->model;
    char text[NWC__HAZARD_NAME] = {0};
    if (reader->word[word].n >= NWC__HAZARD_NAME) return wrong(reader, "a name of fewer than 64 bytes");
    nwc__span_copy(reader->word[word], text, sizeof text);
    const int32_t n = NWC__COUNT(text, model->names);
    for (*of = 0; *of < n; ++*of)
        if (strcmp((const char *)model->names.data + *of * (int64_t)sizeof text, text) == 0) break;
    if (*of == n) NWC__TRY(put(&model->names, text, sizeof text));
    for (int32_t a = reader->rule->first_asked; a < NWC__COUNT(int32_t, model->asked); a++)
        if (NWC__LIST(int32_t, model->asked)[a] == *of) return NWC_OK;
    return put(&model->asked, of, sizeof *of);
}

/* ---- statements; words have been counted ---- */

static nwc_status read_mean(struct reader *reader)
{
    if (reader->scored) return wrong(reader, "one of mean and sum, once,");
    reader->scored = reader->rule->mean = true;
    NWC__TRY(number(reader, 1, &reader->rule->bias));
    return number(reader, 2, &reader->rule->slope);
}

static nwc_status read_sum(struct reader *reader)
{
    if (reader->scored) return wrong(reader, "one of mean and sum, once,");
    reader->scored = true;
    return number(reader, 1, &reader->rule->bias);
}

static nwc_status read_term(struct reader *reader, enum nwc__term_kind kind)
{
    struct nwc__hazard_term term = {.kind = (int32_t)kind};
    NWC__TRY(name(reader, 1, &term.name));
    NWC__TRY(number(reader, 2, &term.from));
    NWC__TRY(number(reader, 3, &term.by));
    NWC__TRY(number(reader, 4, &term.weight));
    if (kind == NWC__TERM_RAMP ? term.from == term.by : !(term.by > 0.0))
        return wrong(reader, kind == NWC__TERM_RAMP ? "two different ends of a ramp" : "a scale above 0");
    if (kind == NWC__TERM_LOG && !(term.from > 0.0)) return wrong(reader, "a mean above 0");
    if (reader->rule->mean && !(term.weight > 0.0)) return wrong(reader, "a weight above 0");
    return put(&reader->model->terms, &term, sizeof term);
}

static nwc_status read_ramp(struct reader *reader)
{
    return read_term(reader, NWC__TERM_RAMP);
}

static nwc_status read_linear(struct reader *reader)
{
    return read_term(reader, NWC__TERM_LINEAR);
}

static nwc_status read_log(struct reader *reader)
{
    return read_term(reader, NWC__TERM_LOG);
}

/* Every way through the tree read last ends at a leaf. */
static nwc_status end_tree(const struct reader *reader)
{
    const nwc_hazard_model *const model = reader->model;
    const struct nwc__hazard_node *const node = NWC__LIST(struct nwc__hazard_node, model->nodes);
    const int32_t end = NWC__COUNT(struct nwc__hazard_node, model->nodes), n = end - reader->first_node;
    if (reader->first_node < 0) return NWC_OK;
    if (n == 0) return wrong(reader, "a node in the tree before");
    for (int32_t i = 0; i < n; i++) {
        const struct nwc__hazard_node *const at = &node[reader->first_node + i];
        if (at->name < 0) continue;
        if (at->below <= i || at->above <= i || at->unknown <= i || at->below >= n || at->above >= n ||
            at->unknown >= n)
            return wrong(reader, "splits that go on to later nodes in the tree before");
    }
    return NWC_OK;
}

static nwc_status read_tree(struct reader *reader)
{
    if (!reader->scored || reader->rule->mean) return wrong(reader, "sum, before trees,");
    NWC__TRY(end_tree(reader));
    reader->first_node = NWC__COUNT(struct nwc__hazard_node, reader->model->nodes);
    return put(&reader->model->trees, &reader->first_node, sizeof reader->first_node);
}

static nwc_status read_split(struct reader *reader)
{
    struct nwc__hazard_node node = {0};
    int32_t *const on[] = {&node.below, &node.above, &node.unknown};
    if (reader->first_node < 0) return wrong(reader, "a tree, before nodes,");
    NWC__TRY(name(reader, 1, &node.name));
    NWC__TRY(number(reader, 2, &node.at));
    for (int32_t way = 0; way < 3; way++) {
        const double to = nwc__span_number(reader->word[3 + way]);
        if (!(to >= 0.0 && to < MOST_BYTES) || to != floor(to)) return wrong(reader, "the number of a node");
        *on[way] = (int32_t)to;
    }
    return put(&reader->model->nodes, &node, sizeof node);
}

static nwc_status read_leaf(struct reader *reader)
{
    struct nwc__hazard_node node = {.name = -1};
    if (reader->first_node < 0) return wrong(reader, "a tree, before nodes,");
    NWC__TRY(number(reader, 1, &node.at));
    return put(&reader->model->nodes, &node, sizeof node);
}

static nwc_status read_calibrate(struct reader *reader)
{
    NWC__TRY(number(reader, 1, &reader->rule->shift));
    return number(reader, 2, &reader->rule->stretch);
}

static nwc_status read_life(struct reader *reader)
{
    if (nwc__span_is(reader->word[1], "never")) return NWC_OK;
    NWC__TRY(number(reader, 1, &reader->rule->life_s));
    return reader->rule->life_s > 0.0 ? NWC_OK : wrong(reader, "a life above 0");
}

static nwc_status read_least(struct reader *reader)
{
    NWC__TRY(number(reader, 1, &reader->rule->least));
    return reader->rule->least >= 0.0 && reader->rule->least <= 1.0 ? NWC_OK : wrong(reader, "a share of 0 to 1");
}

static const struct statement {
    const char *word;
    int32_t n_words;
    nwc_status (*read)(struct reader *reader);
} statements[] = {{"mean", 3, read_mean},     {"sum", 2, read_sum},    {"ramp", 5, read_ramp},
                  {"linear", 5, read_linear}, {"log", 5, read_log},    {"tree", 1, read_tree},
                  {"split", 6, read_split},   {"leaf", 2, read_leaf},  {"calibrate", 3, read_calibrate},
                  {"life", 2, read_life},     {"least", 2, read_least}};

/* The hazard read last is whole: what it has of the lists ends here. */
static nwc_status end_hazard(struct reader *reader)
{
    const nwc_hazard_model *const model = reader->model;
    struct nwc__hazard_rule *const rule = reader->rule;
    if (!rule) return NWC_OK;
    NWC__TRY(end_tree(reader));
    rule->end_term = NWC__COUNT(struct nwc__hazard_term, model->terms);
    rule->end_tree = NWC__COUNT(int32_t, model->trees);
    rule->end_asked = NWC__COUNT(int32_t, model->asked);
    if (!reader->scored) return wrong(reader, "mean or sum of the hazard before");
    if (rule->mean && rule->end_term == rule->first_term) return wrong(reader, "a term of the mean before");
    return NWC_OK;
}

static nwc_status read_hazard(struct reader *reader)
{
    const nwc_hazard_model *const model = reader->model;
    int32_t hazard = 0;
    NWC__TRY(end_hazard(reader));
    while (hazard < NWC_CELL_HAZARDS && !nwc__span_is(reader->word[1], hazard_names[hazard])) hazard++;
    if (hazard == NWC_CELL_HAZARDS) return wrong(reader, "the name of a hazard");
    reader->rule = &reader->model->rule[hazard];
    if (reader->rule->given) return wrong(reader, "each hazard once");
    *reader->rule = (struct nwc__hazard_rule){.given = true,
                                              .slope = 1.0,
                                              .stretch = 1.0,
                                              .life_s = INFINITY,
                                              .least = 0.5,
                                              .first_term = NWC__COUNT(struct nwc__hazard_term, model->terms),
                                              .first_tree = NWC__COUNT(int32_t, model->trees),
                                              .first_asked = NWC__COUNT(int32_t, model->asked)};
    reader->scored = false, reader->first_node = -1;
    return NWC_OK;
}

static nwc_status read_statement(struct reader *reader)
{
    if (nwc__span_is(reader->word[0], "hazard"))
        return reader->n_words == 2 ? read_hazard(reader) : wrong(reader, "the name of a hazard");
    for (size_t s = 0; s < sizeof statements / sizeof *statements; s++) {
        if (!nwc__span_is(reader->word[0], statements[s].word)) continue;
        if (!reader->rule) return wrong(reader, "a hazard first");
        if (reader->n_words != statements[s].n_words)
            return nwc__fail(NWC_ERR_FORMAT, "model: line %lld: %d words expected, %d found", (long long)reader->line,
                             (int)statements[s].n_words, (int)reader->n_words);
        if (reader->first_node >= 0 && statements[s].read != read_split && statements[s].read != read_leaf) {
            NWC__TRY(end_tree(reader));
            reader->first_node = -1;
        }
        return statements[s].read(reader);
    }
    return wrong(reader, "a statement");
}

/* The next line that says something, in words; false behind the last. */
static bool next_words(struct reader *reader, struct nwc__lines *lines)
{
    struct nwc__span line, word;
    while (nwc__next_line(lines, &line)) {
        const int64_t remark = nwc__span_find(line, "#");
        if (remark >= 0) line.n = remark;
        reader->line = lines->number, reader->n_words = 0;
        while (nwc__next_word(&line, &word)) {
            if (reader->n_words < MOST_WORDS) reader->word[reader->n_words] = word;
            reader->n_words++;
        }
        if (reader->n_words) return true;
    }
    return false;
}

static nwc_status read_all(struct reader *reader, const char *text, int64_t size)
{
    struct nwc__lines lines = nwc__lines_of((const uint8_t *)text, size);
    const char *const first[] = {"nowcast", "cell", "hazards", "1"};
    bool good = next_words(reader, &lines) && reader->n_words == 4;
    for (int w = 0; good && w < 4; w++) good = nwc__span_is(reader->word[w], first[w]);
    if (!good) return wrong(reader, "nowcast cell hazards 1");
    if (!next_words(reader, &lines) || reader->n_words != 2 || !nwc__span_is(reader->word[0], "model") ||
        reader->word[1].n >= NWC__HAZARD_NAME)
        return wrong(reader, "model and its name");
    nwc__span_copy(reader->word[1], reader->model->name, sizeof reader->model->name);
    while (next_words(reader, &lines)) NWC__TRY(read_statement(reader));
    if (!reader->rule) return wrong(reader, "a hazard");
    NWC__TRY(end_hazard(reader));
    const int32_t end = NWC__COUNT(struct nwc__hazard_node, reader->model->nodes);
    return put(&reader->model->trees, &end, sizeof end);
}

nwc_status nwc_hazard_model_read(nwc_ctx *ctx, const char *text, int64_t size, nwc_hazard_model **made)
{
    ctx = nwc__ctx(ctx);
    if (!made) return nwc__fail(NWC_ERR_ARG, "model: a place for the model expected, NULL given");
    *made = NULL;
    if (!text) return nwc__fail(NWC_ERR_ARG, "text: that of a model expected, NULL given");
    if (size < 0 || size > MOST_BYTES)
        return nwc__fail(NWC_ERR_ARG, "size: 0 to %d bytes expected, %lld given", MOST_BYTES, (long long)size);
    nwc_hazard_model *const model = nwc__alloc(ctx, 1, sizeof *model);
    if (!model) return NWC_ERR_NOMEM;
    *model = (nwc_hazard_model){.memory = {.alloc = ctx->alloc, .free = ctx->free, .alloc_user = ctx->alloc_user}};
    struct nwc__buffer *const lists[] = {&model->terms, &model->nodes, &model->trees, &model->names, &model->asked};
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) lists[l]->ctx = &model->memory;
    struct reader reader = {.model = model, .first_node = -1};
    const nwc_status status = read_all(&reader, text, size);
    if (status == NWC_OK)
        *made = model;
    else
        nwc_hazard_model_destroy(model);
    return status;
}

void nwc_hazard_model_destroy(nwc_hazard_model *model)
{
    if (!model) return;
    struct nwc_ctx memory = model->memory;
    const struct nwc__buffer *const lists[] = {&model->terms, &model->nodes, &model->trees, &model->names,
                                               &model->asked};
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) nwc__free(&memory, lists[l]->data);
    nwc__free(&memory, model);
}

const char *nwc_hazard_model_name(const nwc_hazard_model *model)
{
    return model ? model->name : NULL;
}

nwc_status nwc_hazard_model_asks(const nwc_hazard_model *model, int32_t hazard, int32_t i, int32_t *n,
                                 const char **text)
{
    if (!model || !n) return nwc__fail(NWC_ERR_ARG, "model, n: a model and a place for the number expected");
    if (!nwc_cell_hazard_name(hazard))
        return nwc__fail(NWC_ERR_ARG, "hazard: an nwc_cell_hazard expected, %d given", (int)hazard);
    const struct nwc__hazard_rule *const rule = &model->rule[hazard];
    *n = rule->end_asked - rule->first_asked;
    if (!text) return NWC_OK;
    if (i < 0 || i >= *n) return nwc__fail(NWC_ERR_ARG, "i: 0 to below %d expected, %d given", (int)*n, (int)i);
    const int32_t of = NWC__LIST(int32_t, model->asked)[rule->first_asked + i];
    *text = (const char *)model->names.data + of * (int64_t)NWC__HAZARD_NAME;
    return NWC_OK;
}
