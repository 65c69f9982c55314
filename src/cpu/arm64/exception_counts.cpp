// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/exception_counts.h"

#include <fmt/format.h>

namespace kelvin::arm64 {

std::string describe_exception_class(unsigned exception_class) {
    switch (exception_class) {
        case 0x00:
            return "undefined instruction";
        case 0x01:
            return "trapped WFI or WFE";
        case 0x07:
            return "trapped FP or SIMD";
        case 0x0d:
            return "branch target";
        case 0x0e:
            return "illegal state";
        case 0x15:
            return "system call (SVC)";
        case 0x18:
            return "trapped system register";
        case 0x20:
            return "instruction abort, EL0";
        case 0x21:
            return "instruction abort, EL1";
        case 0x22:
            return "pc alignment";
        case 0x24:
            return "data abort, EL0";
        case 0x25:
            return "data abort, EL1";
        case 0x26:
            return "stack alignment";
        case 0x2c:
            return "floating point";
        case 0x30:
        case 0x31:
            return "breakpoint";
        case 0x32:
        case 0x33:
            return "software step";
        case 0x34:
        case 0x35:
            return "watchpoint";
        case 0x3c:
            return "BRK instruction";
        default:
            return fmt::format("class {:#04x}", exception_class);
    }
}

}  // namespace kelvin::arm64
