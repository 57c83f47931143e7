/* `brgate certs show` against a small API server. */
#include "check.h"

#include "keepers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* Its output about the Secret, and its exit code. */
static const char *shown(struct setting *s, int *ret_code)
{
    static char text[8192];
    const char *command =
        arena_fmt(s->arena,
                  BRGATE
                  " certs show --kubeconfig %s/kubeconfig --secret brgate-tls --webhook-configuration brgate",
                  s->directory)
            .p;
    FILE *f = popen(command, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    *ret_code = WEXITSTATUS(pclose(f));
    return text;
}

static size_t count(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, part)); at++)
        n++;
    return n;
}

/* As `kubectl create secret tls` makes it: tls.crt and tls.key, which are not renewed. */
static void a_secret_without_an_authority_is_nothing_wrong(void **state)
{
    (void)state;
    struct setting *s = setting_new();
    struct issue made = issued(s, 1);
    int code;
    secret_put(s, (slice){0}, made.leaf.certificate, made.leaf.key);
    hooks_put(s, VALIDATING, encoded(s, made.ca));
    hooks_put(s, MUTATING, encoded(s, made.ca));
    const char *text = shown(s, &code);
    assert_int_equal(count(text, "PROBLEM"), 2); /* the webhook without a bundle, in both configurations */
    assert_int_equal(count(text, "it has no caBundle"), 2);
    assert_int_equal(count(text, "covers     tls.crt of the Secret"), 2);
    assert_int_equal(count(text, "ca.crt"), 0);
    assert_int_equal(count(text, "renewal"), 0);
    struct issue other = issued(s, 1);
    secret_put(s, other.ca, made.leaf.certificate, made.leaf.key);
    text = shown(s, &code);
    assert_int_equal(code, 1);
    assert_int_equal(count(text, "ca.crt did not sign tls.crt"), 1);
    setting_free(s);
}

static void what_brgate_keeps_has_a_renewal(void **state)
{
    (void)state;
    struct setting *s = setting_new();
    int code;
    settle(s);
    const char *text = shown(s, &code);
    assert_int_equal(code, 0);
    assert_int_equal(count(text, "renewal    20"), 1);
    assert_int_equal(count(text, "covers     "), 4);
    setting_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_without_an_authority_is_nothing_wrong),
        cmocka_unit_test(what_brgate_keeps_has_a_renewal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
