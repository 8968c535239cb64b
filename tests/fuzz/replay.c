/* The inputs in folders one by one, and all beginnings alone, for programs built without a fuzzer. */
#define _POSIX_C_SOURCE 200809L
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { BEGINNINGS = 32 };

static bool replay_file(const char *path)
{
    struct stat facts;
    FILE *const file = fopen(path, "rb");
    if (!file) return false;
    bool good = fstat(fileno(file), &facts) == 0;
    const size_t size = good ? (size_t)facts.st_size : 0;
    uint8_t *const bytes = malloc(size); /* no more, so that a sanitizer sees what is read behind it */
    good = good && (size == 0 || (bytes && fread(bytes, 1, size, file) == size));
    if (good) (void)LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    fclose(file);
    return good;
}

int main(int argc, char **argv)
{
    int n = 0;
    for (uint8_t beginning = 0; beginning < BEGINNINGS; beginning++) (void)LLVMFuzzerTestOneInput(&beginning, 1);
    for (int k = 1; k < argc; k++) {
        DIR *const folder = opendir(argv[k]);
        const struct dirent *entry;
        while (folder && (entry = readdir(folder))) {
            char path[4096];
            if (entry->d_name[0] == '.') continue;
            snprintf(path, sizeof path, "%s/%s", argv[k], entry->d_name);
            if (!replay_file(path)) return fprintf(stderr, "%s: not read\n", path), 1;
            n++;
        }
        if (folder) closedir(folder);
    }
    printf("%d beginnings, %d inputs\n", BEGINNINGS, n);
    return argc > 1 && n == 0;
}
