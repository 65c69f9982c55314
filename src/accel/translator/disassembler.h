// SPDX-License-Identifier: Apache-2.0
// Machine code as text, for logs and tests only.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/types.h"

namespace kelvin::translator {

class Disassembler {
  public:
    enum class Architecture : u8 { arm64, x64 };

    /// Bytes that are no instruction have the name ".bytes".
    struct Instruction {
        u64 address = 0;
        std::size_t size = 0;
        std::string name;
        std::string operands;
    };

    explicit Disassembler(Architecture architecture);
    ~Disassembler();
    Disassembler(const Disassembler&) = delete;
    Disassembler& operator=(const Disassembler&) = delete;

    /// The first instruction of code that runs at `address`; `size` is not 0.
    Instruction first(const u8* code, std::size_t size, u64 address);

    /// A line for each instruction of code that runs at `address`: "  40239474: add x0, x0, x2". Bytes that are none
    /// are shown as such, and the next instruction is looked for behind them.
    std::string text(const u8* code, std::size_t size, u64 address);

  private:
    struct Handle;
    std::unique_ptr<Handle> handle_;
};

}  // namespace kelvin::translator
