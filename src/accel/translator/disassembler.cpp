// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/disassembler.h"

#include <capstone/capstone.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "emit/x64/evex_text.h"

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

Disassembler::Instruction Disassembler::first(const u8* code, std::size_t size, u64 address) {
    if (handle_->unit == 1) {
        if (const std::optional<x64::EvexText> evex = x64::evex_text({code, size})) {
            return {address, evex->size, evex->name, evex->operands};
        }
    }
    const u8* rest = code;
    u64 next = address;
    std::size_t left = size;
    if (cs_disasm_iter(handle_->engine, &rest, &left, &next, handle_->instruction)) {
        const cs_insn& found = *handle_->instruction;
        return {address, size - left, found.mnemonic, found.op_str};
    }
    const std::size_t unit = std::min(handle_->unit, size);
    return {address, unit, ".bytes", fmt::format("{:02x}", fmt::join(code, code + unit, " "))};
}

std::string Disassembler::text(const u8* code, std::size_t size, u64 address) {
    std::string result;
    for (std::size_t done = 0; done < size;) {
        const Instruction found = first(code + done, size - done, address + done);
        result += fmt::format("  {:x}: {} {}\n", found.address, found.name, found.operands);
        done += found.size;
    }
    return result;
}

}  // namespace kelvin::translator
