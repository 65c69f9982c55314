// SPDX-License-Identifier: Apache-2.0
#include "control/image/command.h"

int main(int count, char** arguments) {
    return kelvin::control::image::run({arguments + (count > 0 ? 1 : 0), arguments + count});
}
