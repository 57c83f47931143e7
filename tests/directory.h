/* A directory for the files of one test program: set-up and tear-down of its group. */
#ifndef BRGATE_TESTS_DIRECTORY_H
#define BRGATE_TESTS_DIRECTORY_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char directory[32];

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/brgate-test-XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

/* Removes it with the files in it. */
static int remove_directory(void **state)
{
    (void)state;
    DIR *d = opendir(directory);
    if (!d)
        return -1;
    for (const struct dirent *e; (e = readdir(d));) {
        char path[sizeof directory + sizeof e->d_name];
        snprintf(path, sizeof path, "%s/%s", directory, e->d_name);
        if (e->d_name[0] != '.')
            remove(path);
    }
    closedir(d);
    return remove(directory);
}

#endif
