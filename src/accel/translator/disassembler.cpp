// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/disassembler.h"

#include <capstone/capstone.h>
#include <fmt/format.h>

#include "base/assert.h"

namespace kelvin::translator {

struct Disassembler::Handle {
    csh engine = 0;
    cs_insn* instruction = nullptr;
    std::size_t unit = 1;  ///< bytes to skip where there is no instruction
};

Disassembler::Disassembler(Architecture architecture) : handle_(std::make_unique<Handle>()) {
    const bool arm = architecture == Architecture::arm64;
    const cs_err error =
        cs_open(arm ? CS_ARCH_ARM64 : CS_ARCH_X86, arm ? CS_MODE_LITTLE_ENDIAN : CS_MODE_64, &handle_->engine);
    KELVIN_ASSERT(error == CS_ERR_OK);
    handle_->instruction = cs_malloc(handle_->engine);
    handle_->unit = arm ? 4 : 1;
}

Disassembler::~Disassembler() {
    cs_free(handle_->instruction, 1);
    cs_close(&handle_->engine);
}

std::string Disassembler::text(const u8* code, std::size_t size, u64 address) {
    std::string result;
    const cs_insn& instruction = *handle_->instruction;
    while (size != 0) {
        if (cs_disasm_iter(handle_->engine, &code, &size, &address, handle_->instruction)) {
            result += fmt::format("  {:x}: {} {}\n", instruction.address, instruction.mnemonic, instruction.op_str);
            continue;
        }
        const std::size_t unit = std::min(handle_->unit, size);
        result += fmt::format("  {:x}: .bytes", address);
        for (std::size_t i = 0; i < unit; i++) {
            result += fmt::format(" {:02x}", code[i]);
        }
        result += '\n';
        code += unit;
        size -= unit;
        address += unit;
    }
    return result;
}

}  // namespace kelvin::translator
