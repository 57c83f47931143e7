/* Runs a fuzz target once over each file of the folders (or files) it is given, for compilers without
 * libFuzzer. */
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

static size_t replayed;

static void replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(2);
    }
    size_t size = 0, room = 1 << 16;
    uint8_t *bytes = malloc(room);
    while (bytes && (size += fread(bytes + size, 1, room - size, file)) == room)
        bytes = realloc(bytes, room *= 2);
    if (!bytes)
        exit(2);
    fclose(file);
    uint8_t *exact = realloc(bytes, size ? size : 1); /* so that a sanitizer sees the end */
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    replayed++;
}

int main(int argc, char **argv)
{
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++) {
        struct stat what;
        if (stat(argv[i], &what) == 0 && !S_ISDIR(what.st_mode)) {
            replay(argv[i]);
            continue;
        }
        DIR *folder = opendir(argv[i]);
        if (!folder) {
            perror(argv[i]);
            return 2;
        }
        for (struct dirent *entry; (entry = readdir(folder));) {
            char path[4096];
            if (entry->d_name[0] != '.' &&
                snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name) < (int)sizeof path)
                replay(path);
        }
        closedir(folder);
    }
    printf("%zu inputs replayed\n", replayed);
    return 0;
}
