// SPDX-License-Identifier: Apache-2.0
// Checks generated code against the IR interpreter while a guest runs (-accel translator,check=N). Every Nth region is
// first interpreted, as it was lifted, on a copy of the state with its stores held back; then its code runs; then both
// must have come to the same. A difference is a bug of ours: it is printed, and ends the process.
//
// Left out are regions that call C++ with effects, touch devices or would take an exception: these the interpreter
// cannot do without doing them twice. One vCPU only, as others may write what is being read.
//
// Owner thread: the vCPU's.
#pragma once

#include <string>
#include <unordered_map>

#include "accel/translator/disassembler.h"
#include "accel/translator/translator.h"
#include "cpu/arm64/translation.h"
#include "emit/x64/runtime.h"
#include "ir/interpreter.h"
#include "lift/arm64/decoder.h"

namespace kelvin::translator {

class Lockstep final : public ir::MemoryPort {
  public:
    Lockstep(TranslatorVcpu& vcpu, u64 every);
    /// Says how much was compared.
    ~Lockstep() override;

    /// The code made from `instructions` at `source` is about to run at the state's pc.
    void before(const CodeSource& source, unsigned instructions);
    /// It has run.
    void after();

    // ir::MemoryPort, for the interpreter.
    bool load(u64 address, ir::MemInfo info, V128& value) override;
    bool store(u64 address, ir::MemInfo info, const V128& value) override;
    bool load_exclusive(u64 address, ir::MemInfo info, V128& value) override;
    bool store_exclusive(u64 address, ir::MemInfo info, const V128& value, u32& failed) override;
    void clear_exclusive() override { monitor_.address = ~u64{0}; }
    bool atomic_rmw(u64 address, ir::MemInfo info, ir::AtomicKind kind, u64 operand, u64& old) override;
    bool compare_and_swap(u64 address, ir::MemInfo info, const V128& expected, const V128& desired, V128& old) override;

  private:
    struct Monitor {
        u64 address;
        V128 value;
        unsigned size;  ///< of the value; 0: as it was
    };

    /// Visits the bytes of an access with their index and host address. False: it is not one to RAM that succeeds.
    template <class Visit>
    bool each_byte(u64 address, ir::MemInfo info, arm64::Access access, Visit visit);
    /// Reads what `access` must be allowed for.
    bool read(u64 address, ir::MemInfo info, arm64::Access access, V128& value);
    bool interpret(u64 page);
    std::string differences() const;
    [[noreturn]] void report(const std::string& differences);

    TranslatorVcpu& vcpu_;
    const u64 every_;
    const arm64::Decoder decoder_;
    ir::Region region_;
    arm64::State start_{}, expected_{};
    ir::Interpreter interpreter_;
    Monitor monitor_{};
    std::unordered_map<u8*, u8> written_;  ///< held back: by host address
    CodeSource source_{};
    unsigned instructions_ = 0;
    bool armed_ = false;  ///< there is something to compare with
    u64 seen_ = 0, compared_ = 0, left_out_ = 0;
};

}  // namespace kelvin::translator
