/* brgate crds [--group GROUP]: prints the flat CRDs as YAML, ready for `kubectl apply -f -`. */
#ifndef BRGATE_CRDS_H
#define BRGATE_CRDS_H

/* argv[0] is the subcommand's name. Returns the exit status: 0, or 2 for wrong usage and failed output. */
int command_crds(int argc, char **argv);

#endif
