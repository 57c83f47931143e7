/* Starts and stops servers for tests. */
#include "fixture.h"

#include "test_handler.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct certificate_pair fixture_issue(struct fixture *f, enum certificate_use use, const char *name,
                                      const struct certificate_pair *issuer)
{
    slice names[] = {slice_of(name)};
    int64_t now = time(NULL);
    struct certificate_request request = {use, names[0], names, 1, now - 60, now + 86400};
    struct certificate_pair pair;
    struct error error = {0};
    if (!certificate_make(f->arena, &request, issuer, &pair, &error))
        fail_msg("%s", error.text);
    return pair;
}

struct certificate_pair fixture_pair(struct fixture *f)
{
    return fixture_issue(f, CERTIFICATE_SERVER, "localhost", NULL);
}

void fixture_new(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->arena = arena_new(4 << 20);
    f->pair = fixture_pair(f);
    assert_int_equal(pipe2(f->log, O_CLOEXEC), 0);
    fcntl(f->log[1], F_SETPIPE_SZ, 1 << 20);
    f->options = server_defaults();
    f->options.listen = f->options.health_listen = "127.0.0.1:0";
    f->options.cert_pem = f->pair.certificate;
    f->options.key_pem = f->pair.key;
    f->options.threads = 2;
    f->options.log_fd = f->log[1];
    server_block_signals();
}

void fixture_start(struct fixture *f)
{
    struct error error = {0};
    f->server = server_start(&f->options, &test_handler, &error);
    if (!f->server)
        fail_msg("%s", error.text);
    f->port = server_port(f->server);
    f->health = server_health_port(f->server);
}

const char *fixture_log(struct fixture *f)
{
    static char text[1 << 20];
    close(f->log[1]);
    f->log[1] = -1;
    size_t n = 0;
    ssize_t got;
    while (n < sizeof text - 1 && (got = read(f->log[0], text + n, sizeof text - 1 - n)) > 0)
        n += (size_t)got;
    text[n] = '\0';
    return text;
}

void fixture_end(struct fixture *f)
{
    if (f->server)
        server_stop(f->server);
    f->server = NULL;
    for (size_t i = 0; i < 2; i++)
        if (f->log[i] >= 0)
            close(f->log[i]);
    if (f->directory[0]) {
        char command[128];
        snprintf(command, sizeof command, "rm -rf '%s'", f->directory);
        assert_int_equal(system(command), 0);
    }
    arena_free(f->arena);
}

const char *fixture_path(struct fixture *f, const char *name)
{
    if (!f->directory[0]) {
        snprintf(f->directory, sizeof f->directory, "/tmp/brgate-test-XXXXXX");
        assert_non_null(mkdtemp(f->directory));
    }
    size_t n = strlen(f->directory) + strlen(name) + 2;
    char *path = arena_try(f->arena, n);
    assert_non_null(path);
    snprintf(path, n, "%s/%s", f->directory, name);
    return path;
}

void fixture_write(struct fixture *f, const char *name, slice text)
{
    FILE *file = fopen(fixture_path(f, name), "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text.p, 1, text.n, file), text.n);
    assert_int_equal(fclose(file), 0);
}

static char *health_page(struct fixture *f, const char *path, int *ret_status)
{
    static char text[1 << 18];
    struct peer p;
    *ret_status = 0;
    if (!peer_open(&p, f->health, &(struct peer_options){.plain = true}))
        return NULL;
    int n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
    peer_send(&p, (slice){text, (size_t)n});
    size_t got = 0;
    ssize_t part;
    while ((part = read(p.fd, text + got, sizeof text - 1 - got)) > 0)
        got += (size_t)part;
    text[got] = '\0';
    peer_close(&p);
    *ret_status = got > 12 ? (int)strtol(text + 9, NULL, 10) : 0;
    return text;
}

int fixture_health(struct fixture *f, const char *path)
{
    int status;
    health_page(f, path, &status);
    return status;
}

double fixture_metric(struct fixture *f, const char *sample)
{
    int status;
    const char *page = health_page(f, "/metrics", &status);
    size_t n = strlen(sample);
    for (const char *at = page; at && (at = strstr(at, sample)); at += n)
        if (at[-1] == '\n' && at[n] == ' ')
            return strtod(at + n, NULL);
    return -1;
}

bool fixture_becomes(struct fixture *f, const char *sample, double value)
{
    enum { LOOK_MS = 20 };
    for (size_t i = 0; i < PATIENCE_S * 1000 / LOOK_MS; i++) {
        if (fixture_metric(f, sample) == value)
            return true;
        nanosleep(&(struct timespec){0, LOOK_MS * 1000000}, NULL);
    }
    return false;
}

static void (*configure_shared)(struct server_options *o); /* cmocka's set-up takes no argument */

static int set_up(void **state)
{
    static struct fixture shared;
    fixture_new(&shared);
    if (configure_shared)
        configure_shared(&shared.options);
    fixture_start(&shared);
    *state = &shared;
    return 0;
}

static int tear_down(void **state)
{
    fixture_end(*state);
    return 0;
}

int fixture_run(const struct CMUnitTest *tests, size_t count, void (*configure)(struct server_options *o))
{
    configure_shared = configure;
    return _cmocka_run_group_tests("webhook", tests, count, set_up, tear_down);
}
