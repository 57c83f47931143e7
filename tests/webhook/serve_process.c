/* `brgate serve` with the tests' handler, for what needs a process: signals, flags, exit codes. */
#include "serve.h"
#include "test_handler.h"

int main(int argc, char **argv)
{
    return serve(argc - 1, argv + 1, test_handler_open);
}
