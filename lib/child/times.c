#include "child.h"

const struct child_times child_times = {
    .grace = 2000,
    .orphan = 1000,
    .retry = 200,
    .tries = 5,
};
