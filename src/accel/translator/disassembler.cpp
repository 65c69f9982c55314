// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/disassembler.h"

#include <capstone/capstone.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "emit/x64/evex_text.h"

namespace kelvin::translator {

namespace {

/// The library is loaded when the first code is to be shown: its tables are tens of thousands of relocations,
/// milliseconds and 3 MiB of every start. Where it is missing code is shown as bytes.
class Capstone {
  public:
    /// Null: it is missing.
    static const Capstone* get() {
        static const Capstone library;
        return library.is_complete_ ? &library : nullptr;
    }

    decltype(&::cs_open) open = nullptr;
    decltype(&::cs_close) close = nullptr;
    decltype(&::cs_malloc) allocate = nullptr;
    decltype(&::cs_free) release = nullptr;
    decltype(&::cs_disasm_iter) next = nullptr;

  private:
    Capstone() : handle_(::dlopen(fmt::format("libcapstone.so.{}", CS_API_MAJOR).c_str(), RTLD_NOW | RTLD_LOCAL)) {
        is_complete_ = handle_ != nullptr && find("cs_open", open) && find("cs_close", close) &&
                       find("cs_malloc", allocate) && find("cs_free", release) && find("cs_disasm_iter", next);
    }
    template <class Function>
    bool find(const char* name, Function& function) {
        function = reinterpret_cast<Function>(::dlsym(handle_, name));
        return function != nullptr;
    }

    void* const handle_;  // for the life of the process
    bool is_complete_ = false;
};

}  // namespace

struct Disassembler::Handle {
    const Capstone* library = Capstone::get();
    csh engine = 0;
    cs_insn* instruction = nullptr;
    std::size_t unit = 1;  ///< bytes to skip where there is no instruction
};

Disassembler::Disassembler(Architecture architecture) : handle_(std::make_unique<Handle>()) {
    const bool arm = architecture == Architecture::arm64;
    handle_->unit = arm ? 4 : 1;
    if (handle_->library == nullptr) {
        return;
    }
    const cs_err error = handle_->library->open(arm ? CS_ARCH_ARM64 : CS_ARCH_X86,
                                                arm ? CS_MODE_LITTLE_ENDIAN : CS_MODE_64, &handle_->engine);
    KELVIN_ASSERT(error == CS_ERR_OK);
    handle_->instruction = handle_->library->allocate(handle_->engine);
}

Disassembler::~Disassembler() {
    if (handle_->library != nullptr) {
        handle_->library->release(handle_->instruction, 1);
        handle_->library->close(&handle_->engine);
    }
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
    if (handle_->library != nullptr &&
        handle_->library->next(handle_->engine, &rest, &left, &next, handle_->instruction)) {
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
