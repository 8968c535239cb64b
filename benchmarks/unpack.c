/*
 * How long unpacking alone takes: the floor under decoding a packed radar file, which decode_times.py prints beside it.
 *
 * Usage: nowcast_unpack THREADS FILE...   for each file a line: median s, best s, best processor s, packed bytes, unpacked bytes,
 * name.
 *
 * gzip and bzip2 files are one stream each and unpacked by one thread; the bzip2 records of NEXRAD files by all of them. Files
 * are in memory, and so is the room for what is in them. What is not packed takes no time. Under several threads the library may
 * take less for a bzip2 file, whose blocks it unpacks side by side.
 */
#include "bench.h"

#include <bzlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { MOST_STREAMS = 4096, RATIO = 40, RECORD_HEADER = 4, VOLUME_HEADER = 24 };

struct stream {
    unsigned char *packed, *room;
    unsigned packed_size, room_size, size;
};

struct file {
    unsigned char *bytes;
    long size;
    struct stream stream[MOST_STREAMS];
    int n, threads;
    bool gzip;
};

static void fail(const char *what, const char *name)
{
    fprintf(stderr, "%s: %s\n", name, what);
    exit(1);
}

static void read_file(struct file *file, const char *name)
{
    FILE *const from = fopen(name, "rb");
    if (!from || fseek(from, 0, SEEK_END) != 0 || (file->size = ftell(from)) < 1) fail("cannot be read", name);
    rewind(from);
    file->bytes = malloc((size_t)file->size);
    if (!file->bytes || fread(file->bytes, 1, (size_t)file->size, from) != (size_t)file->size)
        fail("cannot be read", name);
    fclose(from);
}

static void add_stream(struct file *file, long at, long size)
{
    struct stream *const stream = &file->stream[file->n++];
    *stream = (struct stream){.packed = file->bytes + at, .packed_size = (unsigned)size};
    stream->room_size = RATIO * (unsigned)size + 4000000;
    stream->room = malloc(stream->room_size);
    if (!stream->room) fail("no memory", "unpack");
    memset(stream->room, 1, stream->room_size); /* so that no run pays for the pages */
}

static void list_streams(struct file *file)
{
    const unsigned char *const bytes = file->bytes;
    file->gzip = file->size > 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
    if (file->gzip || memcmp(bytes, "BZh", 3) == 0) {
        add_stream(file, 0, file->size);
        return;
    }
    const long header = memcmp(bytes, "AR2V", 4) == 0 ? VOLUME_HEADER : 0;
    for (long at = header; at + 8 < file->size && memcmp(bytes + at + RECORD_HEADER, "BZh", 3) == 0;) {
        const int word = (int)((unsigned)bytes[at] << 24 | (unsigned)bytes[at + 1] << 16 |
                               (unsigned)bytes[at + 2] << 8 | bytes[at + 3]);
        const long length = labs((long)word), left = file->size - at - RECORD_HEADER;
        if (file->n < MOST_STREAMS) add_stream(file, at + RECORD_HEADER, length < left ? length : left);
        at += RECORD_HEADER + length;
    }
}

static bool inflate_one(struct stream *stream)
{
    z_stream state = {.next_in = stream->packed,
                      .avail_in = stream->packed_size,
                      .next_out = stream->room,
                      .avail_out = stream->room_size};
    const bool good = inflateInit2(&state, 16 + MAX_WBITS) == Z_OK && inflate(&state, Z_FINISH) == Z_STREAM_END;
    stream->size = stream->room_size - state.avail_out;
    inflateEnd(&state);
    return good;
}

static nwc_status work(nwc_ctx *ctx, void *user)
{
    struct file *const file = user;
    bool good = true;
    (void)ctx;
#pragma omp parallel for schedule(dynamic) num_threads(file->threads) reduction(&& : good)
    for (int n = 0; n < file->n; n++) {
        struct stream *const stream = &file->stream[n];
        stream->size = stream->room_size;
        good = good &&
               (file->gzip ? inflate_one(stream)
                           : BZ2_bzBuffToBuffDecompress((char *)stream->room, &stream->size, (char *)stream->packed,
                                                        stream->packed_size, 0, 0) == BZ_OK);
    }
    return good ? NWC_OK : NWC_ERR_FORMAT;
}

int main(int argc, char **argv)
{
    static struct file file;
    if (argc < 3) fail("THREADS FILE... expected", argv[0]);
    for (int a = 2; a < argc; a++) {
        memset(&file, 0, sizeof file);
        file.threads = atoi(argv[1]);
        read_file(&file, argv[a]);
        list_streams(&file);
        const bench_time time = file.n ? bench_run(work, NULL, &file) : (bench_time){0};
        double unpacked = 0.0;
        for (int n = 0; n < file.n; n++) {
            unpacked += file.stream[n].size;
            free(file.stream[n].room);
        }
        printf("%.6f %.6f %.6f %ld %.0f %s\n", time.median_s, time.best_s, time.cpu_s, file.n ? file.size : 0L,
               unpacked, argv[a]);
        free(file.bytes);
    }
    return 0;
}
