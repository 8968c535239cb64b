/* What a model of hazards is once it is read. */
#ifndef NWC_CELLS_HAZARD_H
#define NWC_CELLS_HAZARD_H

#include "core/internal.h"

#include <nowcast/cell_hazard.h>

enum { NWC__HAZARD_NAME = 64 /* bytes of a name with its zero */ };

enum nwc__term_kind { NWC__TERM_RAMP, NWC__TERM_LINEAR, NWC__TERM_LOG };

struct nwc__hazard_term {
    int32_t kind, name;      /* an nwc__term_kind; number in the model's names */
    double from, by, weight; /* ramp: low, high; else mean, scale */
};

/* A node of a tree. Those it goes on to are counted from the first of its tree, and come after it. */
struct nwc__hazard_node {
    int32_t name; /* -1 of a leaf */
    int32_t below, above, unknown;
    double at; /* of a leaf its score */
};

/* What one hazard has of the lists of its model. */
struct nwc__hazard_rule {
    bool given, mean;
    double bias, slope, shift, stretch, life_s, least;
    int32_t first_term, end_term, first_tree, end_tree, first_asked, end_asked;
};

struct nwc_hazard_model {
    struct nwc_ctx memory; /* allocator only */
    char name[NWC__HAZARD_NAME];
    struct nwc__hazard_rule rule[NWC_CELL_HAZARDS];
    struct nwc__buffer terms, nodes; /* nwc__hazard_term, nwc__hazard_node */
    struct nwc__buffer trees;        /* int32_t: first node of each, and the end of the last */
    struct nwc__buffer names;        /* char [NWC__HAZARD_NAME] */
    struct nwc__buffer asked;        /* int32_t: names a hazard asks for, each once */
};

/* Elements of a buffer, and how many there are. */
#define NWC__LIST(type, buffer) ((const type *)(const void *)(buffer).data)
#define NWC__COUNT(type, buffer) ((int32_t)((buffer).size / (int64_t)sizeof(type)))

/* What a name is that has no column of values. */
enum { NWC__COLUMN_NONE = -1, NWC__COLUMN_LEAD = -2 };

/* The column of a name, or NWC__COLUMN_NONE. */
int32_t nwc__cells_column_of(const nwc_cell_values *cells, const char *name);

nwc_status nwc__cells_check_values(const nwc_cell_values *cells);
nwc_status nwc__cells_check_leads(const double *leads_s, int32_t n_leads, double damping_s);

#endif
