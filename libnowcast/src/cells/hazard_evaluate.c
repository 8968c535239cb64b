/* Probabilities of hazards from the attributes of cells: terms and trees added up, and the logistic function of the sum. */
#include "cells/hazard.h"

#define LEAST_OF_MEAN 1e-6 /* what a value below that share of a mean counts as in its logarithm */

struct job {
    const nwc_hazard_model *model;
    const nwc_cell_values *cells;
    const double *leads_s;
    int32_t n_leads;
    double damping_s;
    int32_t *column; /* of the model's names: in the values, or an nwc__COLUMN */
    double *probability, *known;
};

/* One cell at one lead. */
struct sight {
    const struct job *job;
    int64_t cell;
    double lead_s, carried_s; /* time that trends count for */
};

static double value_of(const struct sight *sight, int32_t name)
{
    const nwc_cell_values *const cells = sight->job->cells;
    const int32_t column = sight->job->column[name];
    if (column == NWC__COLUMN_LEAD) return sight->lead_s / 60.0;
    if (column == NWC__COLUMN_NONE) return (double)NAN;
    const double value = cells->values[sight->cell * cells->n_names + column];
    const double trend = cells->trends ? cells->trends[sight->cell * cells->n_names + column] : (double)NAN;
    return isnan(trend) ? value : value + trend * sight->carried_s;
}

static double term_of(const struct nwc__hazard_term *term, double value)
{
    switch (term->kind) {
    case NWC__TERM_RAMP:
        return fmax(0.0, fmin(1.0, (value - term->from) / (term->by - term->from)));
    case NWC__TERM_LOG:
        return log(fmax(value / term->from, LEAST_OF_MEAN)) / term->by;
    default:
        return (value - term->from) / term->by;
    }
}

static double tree_of(const struct sight *sight, const struct nwc__hazard_node *node)
{
    int32_t at = 0;
    while (node[at].name >= 0) {
        const double value = value_of(sight, node[at].name);
        at = isnan(value) ? node[at].unknown : value < node[at].at ? node[at].below : node[at].above;
    }
    return node[at].at;
}

/* Weight of what is asked for, and of what of it is known. */
static double share_known(const struct sight *sight, const struct nwc__hazard_rule *rule)
{
    const nwc_hazard_model *const model = sight->job->model;
    double all = 0.0, known = 0.0;
    for (int32_t t = rule->first_term; t < rule->end_term; t++) {
        const struct nwc__hazard_term *const term = &NWC__LIST(struct nwc__hazard_term, model->terms)[t];
        all += fabs(term->weight);
        known += isnan(value_of(sight, term->name)) ? 0.0 : fabs(term->weight);
    }
    for (int32_t a = rule->first_asked; rule->first_tree < rule->end_tree && a < rule->end_asked; a++) {
        all += 1.0;
        known += isnan(value_of(sight, NWC__LIST(int32_t, model->asked)[a])) ? 0.0 : 1.0;
    }
    return all > 0.0 ? known / all : 1.0;
}

static double probability_of(const struct sight *sight, const struct nwc__hazard_rule *rule)
{
    const nwc_hazard_model *const model = sight->job->model;
    double sum = 0.0, weights = 0.0;
    for (int32_t t = rule->first_term; t < rule->end_term; t++) {
        const struct nwc__hazard_term *const term = &NWC__LIST(struct nwc__hazard_term, model->terms)[t];
        const double value = value_of(sight, term->name);
        if (isnan(value)) continue;
        sum += term->weight * term_of(term, value);
        weights += term->weight;
    }
    double score = rule->mean ? rule->bias + rule->slope * sum / weights : rule->bias + sum;
    for (int32_t t = rule->first_tree; t < rule->end_tree; t++)
        score += tree_of(sight, NWC__LIST(struct nwc__hazard_node, model->nodes) + NWC__LIST(int32_t, model->trees)[t]);
    score = rule->shift + rule->stretch * score;
    return exp2(-sight->lead_s / rule->life_s) / (1.0 + exp(-score));
}

static nwc_status evaluate_cell(int64_t cell, void *user)
{
    const struct job *const job = user;
    for (int32_t h = 0; h < NWC_CELL_HAZARDS; h++) {
        const struct nwc__hazard_rule *const rule = &job->model->rule[h];
        struct sight sight = {.job = job, .cell = cell};
        const double known = rule->given ? share_known(&sight, rule) : 0.0;
        const bool enough = rule->given && known > 0.0 && known >= rule->least;
        if (job->known) job->known[cell * NWC_CELL_HAZARDS + h] = known;
        for (int32_t l = 0; l < job->n_leads; l++) {
            sight.lead_s = job->leads_s[l];
            sight.carried_s = -job->damping_s * expm1(-sight.lead_s / job->damping_s);
            job->probability[(cell * job->n_leads + l) * NWC_CELL_HAZARDS + h] =
                enough ? probability_of(&sight, rule) : (double)NAN;
        }
    }
    return NWC_OK;
}

nwc_status nwc__cells_check_leads(const double *leads_s, int32_t n_leads, double damping_s)
{
    if (n_leads < 0 || (n_leads && !leads_s)) return nwc__fail(NWC_ERR_ARG, "leads_s: leads expected, none given");
    for (int32_t l = 0; l < n_leads; l++)
        if (!(leads_s[l] >= 0.0 && leads_s[l] <= 86400.0))
            return nwc__fail(NWC_ERR_ARG, "leads_s: 0 to 86400 expected, %g given", leads_s[l]);
    if (!(damping_s > 0.0)) return nwc__fail(NWC_ERR_ARG, "damping_s: above 0 expected, %g given", damping_s);
    return NWC_OK;
}

nwc_status nwc__cells_check_values(const nwc_cell_values *cells)
{
    if (!cells || cells->n_cells < 0 || cells->n_names < 0 || (cells->n_names && !cells->names) ||
        (cells->n_cells && cells->n_names && !cells->values))
        return nwc__fail(NWC_ERR_ARG, "cells: names and values of cells expected");
    for (int32_t n = 0; n < cells->n_names; n++) {
        if (!cells->names[n]) return nwc__fail(NWC_ERR_ARG, "names: a name expected, NULL given");
        for (int32_t m = 0; m < n; m++)
            if (strcmp(cells->names[n], cells->names[m]) == 0)
                return nwc__fail(NWC_ERR_ARG, "names: each once expected, %s given twice", cells->names[n]);
    }
    return NWC_OK;
}

int32_t nwc__cells_column_of(const nwc_cell_values *cells, const char *name)
{
    for (int32_t n = 0; n < cells->n_names; n++)
        if (strcmp(cells->names[n], name) == 0) return n;
    return NWC__COLUMN_NONE;
}

nwc_status nwc_hazard_model_evaluate(nwc_ctx *ctx, const nwc_hazard_model *model, const nwc_cell_values *cells,
                                     const double *leads_s, int32_t n_leads, double damping_s, double *probability,
                                     double *known)
{
    ctx = nwc__ctx(ctx);
    if (!model) return nwc__fail(NWC_ERR_ARG, "model: a model expected, NULL given");
    NWC__TRY(nwc__cells_check_values(cells));
    NWC__TRY(nwc__cells_check_leads(leads_s, n_leads, damping_s));
    if (cells->n_cells && n_leads && !probability)
        return nwc__fail(NWC_ERR_ARG, "probability: a place for probabilities expected, NULL given");
    nwc_status status = NWC_OK;
    struct job job = {.model = model,
                      .cells = cells,
                      .leads_s = leads_s,
                      .n_leads = n_leads,
                      .damping_s = damping_s,
                      .probability = probability,
                      .known = known};
    const int32_t n = NWC__COUNT(char[NWC__HAZARD_NAME], model->names);
    NWC__ALLOC(ctx, job.column, n);
    for (int32_t i = 0; i < n; i++) {
        const char *const name = (const char *)model->names.data + i * (int64_t)NWC__HAZARD_NAME;
        job.column[i] = strcmp(name, "lead") == 0 ? NWC__COLUMN_LEAD : nwc__cells_column_of(cells, name);
    }
    status = nwc__for_each_tile(ctx, "cells", cells->n_cells, evaluate_cell, &job);
done:
    nwc__free(ctx, job.column);
    return status;
}
