/*
 * A neutral tree: groups, attributes and arrays, as HDF5 and netCDF hold them, so that decoders link neither library. Numbers
 * are held as double, large arrays where it is wanted in their own type. Everything belongs to the tree and goes with it.
 */
#ifndef NWC_RADAR_FORMAT_TREE_H
#define NWC_RADAR_FORMAT_TREE_H

#include "radar/format/format.h"

#include <nowcast/radar.h>

enum {
    NWC__TREE_MOST_DIMS = 4,
    NWC__TREE_MOST_HELD = 1 << 18, /* items of a list that are held as double; more are cells */
    NWC__TREE_MOST_TEXT = 1 << 16  /* characters of an array of texts */
};

typedef struct nwc__attribute {
    struct nwc__attribute *next;
    char *name, *text;     /* text is NULL for a number */
    double number, second; /* the first two, of several; NaN where there is one */
    double *numbers;       /* all n of them; NULL for a text */
    int64_t n;
} nwc__attribute;

/* The type of cells that are kept as they are. */
typedef enum nwc__cell_type {
    NWC__CELL_U8,
    NWC__CELL_I8,
    NWC__CELL_U16,
    NWC__CELL_I16,
    NWC__CELL_U32,
    NWC__CELL_I32,
    NWC__CELL_F32,
    NWC__CELL_F64,
    NWC__CELL_TEXT, /* characters; the last dimension is the length of each text */
    NWC__CELL_TYPES
} nwc__cell_type;

typedef struct nwc__node {
    struct nwc__node *next, *parent, *first;
    nwc__attribute *attributes;
    char *name;
    char *axes; /* names of the dimensions, a blank between them; NULL where they have none */
    int64_t ndim, dim[NWC__TREE_MOST_DIMS];
    double *values; /* NULL for a group, and for an array left in its file */
    int64_t id;     /* of an array left in its file, for the tree's fetch */
    uint8_t *cells; /* in place of values, where the tree keeps cells: numbers of this type, in this machine's order */
    nwc__cell_type type; /* of cells; of values what the file has, where it is one of these */
} nwc__node;

/*
 * Rows of a plane, its last two dimensions, of an array left in its file; planes are counted over the dimensions before. Of
 * an array of one dimension the rows are its items.
 */
typedef nwc_status (*nwc__fetch_fn)(void *source, const nwc__node *node, int64_t plane, int64_t row, int64_t rows,
                                    double *values);

typedef struct nwc__tree {
    nwc_ctx *ctx;
    nwc__node *root;
    int64_t left;        /* bytes it may still take */
    bool keep_cells;     /* arrays of two and more dimensions, long lists, and texts are kept as cells */
    bool keep_texts;     /* texts are kept as cells, whatever keep_cells says */
    nwc__fetch_fn fetch; /* NULL where all arrays are in the tree */
    void *source;        /* handed to fetch */
} nwc__tree;

nwc_status nwc__tree_create(nwc_ctx *ctx, int64_t max_bytes, nwc__tree *tree);
void nwc__tree_destroy(nwc__tree *tree);

nwc_status nwc__tree_add(nwc__tree *tree, nwc__node *parent, const char *name, nwc__node **node);
/* An attribute of text, or of n numbers. */
nwc_status nwc__tree_attribute(nwc__tree *tree, nwc__node *node, const char *name, const char *text,
                               const double *numbers, int64_t n);
/* Name the dimensions, a blank between them. */
nwc_status nwc__tree_axes(nwc__tree *tree, nwc__node *node, const char *axes);
/* Room for the product of the node's dim values, to be filled. */
nwc_status nwc__tree_values(nwc__tree *tree, nwc__node *node);

/* The same, for cells of node->type. */
nwc_status nwc__tree_cells(nwc__tree *tree, nwc__node *node);
/* Bytes of one. */
size_t nwc__cell_size(nwc__cell_type type);

/* What the numbers of an array mean: stored * scale + offset, unless they are one of those that stand for something else. */
struct nwc__packing {
    double scale, offset;
    double wrap;       /* what is added to numbers below 0, before they are looked at */
    double unknown[2]; /* not observed; NaN for none */
    double undetect;   /* observed, nothing there; NaN for none */
    float nothing;     /* what that becomes */
};

/* Whether an array is in the tree, and whether it is there as whole numbers. */
bool nwc__node_has_cells(const nwc__node *node);
bool nwc__node_is_whole(const nwc__node *node);

/*
 * What makes numbers below 0 those that are meant, where _Unsigned tells that a type with a sign holds numbers without one, as
 * in netCDF of the classic model; else 0.
 */
double nwc__node_wrap(const nwc__node *node);
double nwc__unwrapped(double number, double wrap);

/* Number at of an array that is in the tree, in whichever way, as it is stored. */
double nwc__node_value(const nwc__node *node, int64_t at);

/* Arrays on their way to physical values: gathered over a whole volume, then unpacked all at once. */
typedef struct nwc__unpacking {
    nwc_ctx *ctx;
    struct nwc__piece *piece;
    int64_t n, room;
} nwc__unpacking;

/* n cells of an array from number at on are to become values; so many behind these are not observed. */
nwc_status nwc__unpacking_add(nwc__unpacking *unpacking, const nwc__node *node, const struct nwc__packing *packing,
                              int64_t at, int64_t n, int64_t unknown, float *values);
/* Rows of length cells from number row on. */
nwc_status nwc__unpacking_add_rows(nwc__unpacking *unpacking, const nwc__node *node, const struct nwc__packing *packing,
                                   int64_t row, int64_t rows, int64_t length, float *values);
nwc_status nwc__unpacking_run(const nwc__unpacking *unpacking);
void nwc__unpacking_release(nwc__unpacking *unpacking);

/* Some rows of a plane of an array, from the tree or from the file. */
nwc_status nwc__tree_rows(const nwc__tree *tree, const nwc__node *node, int64_t plane, int64_t row, int64_t rows,
                          double *values);

const nwc__node *nwc__node_find(const nwc__node *group, const char *name);
/* The node's own attribute: its text, "" when it has none; its number, or otherwise. */
const nwc__attribute *nwc__node_own(const nwc__node *node, const char *name);
const char *nwc__node_text(const nwc__node *node, const char *name);
double nwc__node_number(const nwc__node *node, const char *name, double otherwise);
/* An attribute of group "what" or "where" and so on of this node or of the nearest group around it that has it. */
const nwc__attribute *nwc__node_attribute(const nwc__node *node, const char *group, const char *name);

/* ODIM_H5 objects COMP and IMAGE: all quantities on their grid. Michelson et al. (2014), OPERA model 2.2. */
nwc_status nwc__odim_image_read(nwc_ctx *ctx, const nwc__tree *tree, nwc_raster *raster);

/* Value number index of a CF time coordinate, as UTC; false where it is none. */
bool nwc__cf_time(const nwc__node *node, int64_t index, int64_t *time_ns);

/* CfRadial 1: sweeps, appended to the volume. */
nwc_status nwc__cfradial1_read(nwc_ctx *ctx, const nwc__tree *tree, nwc_volume *volume);

/* CfRadial 2 and FM 301: sweeps, appended to the volume. */
nwc_status nwc__cfradial2_read(nwc_ctx *ctx, const nwc__tree *tree, nwc_volume *volume);

/* ODIM_H5 objects PVOL and SCAN: sweeps, appended to the volume. Model 2.0 to 2.4. */
nwc_status nwc__odim_volume_read(nwc_ctx *ctx, const nwc__tree *tree, nwc_volume *volume);

/* KNMI HDF5: images of reflectivity and rain. */
nwc_status nwc__knmi_read(nwc_ctx *ctx, const nwc__tree *tree, nwc_raster *raster);
/* KNMI HDF5: volumes of scans. */
nwc_status nwc__knmi_volume_read(nwc_ctx *ctx, const nwc__tree *tree, nwc_volume *volume);
/* Of both, a time "10-JUN-2011;11:40:00.000", and a calibration "GEO = 0.5 * PV + -32" with or without blanks. */
bool nwc__knmi_time(const char *text, int64_t *time_ns);
bool nwc__knmi_calibration(const char *text, double *gain, double *offset);

/* CF conventions 1.11: all variables on two regular horizontal axes. */
nwc_status nwc__cf_grid_read(nwc_ctx *ctx, const nwc__tree *tree, nwc_raster *raster);

#endif
