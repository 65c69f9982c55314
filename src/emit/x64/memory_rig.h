// SPDX-License-Identifier: Apache-2.0
// For tests only: a processor with two pages of memory, which the fast paths of compiled code reach, the slow ones and
// the interpreter.
#pragma once

#include "emit/x64/lowering_rig.h"
#include "ir/interpreter.h"
#include "ir/verifier.h"

namespace kelvin::x64::testing {

using ir::AtomicKind;
using ir::MemInfo;

inline constexpr u64 kData = 0xffff'0000'1234'5000;  ///< guest virtual address of the first of two pages
inline constexpr u64 kCode = 0xffff'0000'0040'0000;
inline constexpr u64 kInvalidTag = 0x0040'0000'0000'0000;
inline constexpr u64 kTimeByCall = 0x1234'5678'9abc;
template <class T>
T combine(AtomicKind kind, T old, T operand) {
    using Signed = std::make_signed_t<T>;
    const auto a = static_cast<Signed>(old), b = static_cast<Signed>(operand);
    switch (kind) {
        case AtomicKind::add:
            return static_cast<T>(old + operand);
        case AtomicKind::clear:
            return static_cast<T>(old & ~operand);
        case AtomicKind::exclusive_or:
            return static_cast<T>(old ^ operand);
        case AtomicKind::set:
            return static_cast<T>(old | operand);
        case AtomicKind::smax:
            return static_cast<T>(std::max(a, b));
        case AtomicKind::smin:
            return static_cast<T>(std::min(a, b));
        case AtomicKind::umax:
            return std::max(old, operand);
        case AtomicKind::umin:
            return std::min(old, operand);
        default:
            return operand;
    }
}

inline u64 combine(AtomicKind kind, unsigned size, u64 old, u64 operand) {
    switch (size) {
        case 1:
            return combine(kind, static_cast<u8>(old), static_cast<u8>(operand));
        case 2:
            return combine(kind, static_cast<u16>(old), static_cast<u16>(operand));
        case 4:
            return combine(kind, static_cast<u32>(old), static_cast<u32>(operand));
        default:
            return combine(kind, old, operand);
    }
}

/// Two pages and a monitor, for one thread. Misaligned accesses fault if they must be aligned.
class Memory : public ir::MemoryPort {
  public:
    alignas(4096) std::array<u8, 8192> bytes{};
    u64 monitor = ~u64{0};
    V128 monitored{};

    bool load(u64 address, MemInfo info, V128& value) override {
        if (faults(address, info)) {
            return false;
        }
        std::memcpy(&value, &bytes[address - kData], size_t{1} << info.size_log2);
        return true;
    }
    bool store(u64 address, MemInfo info, const V128& value) override {
        if (faults(address, info)) {
            return false;
        }
        std::memcpy(&bytes[address - kData], &value, size_t{1} << info.size_log2);
        return true;
    }
    bool load_exclusive(u64 address, MemInfo info, V128& value) override {
        if (!load(address, info, value)) {
            return false;
        }
        monitor = address;
        monitored = value;
        return true;
    }
    bool store_exclusive(u64 address, MemInfo info, const V128& value, u32& failed) override {
        V128 now{};
        if (!load(address, info, now)) {
            return false;
        }
        const size_t size = size_t{1} << info.size_log2;
        failed = monitor != address || std::memcmp(&now, &monitored, size) != 0;
        monitor = ~u64{0};
        return failed != 0 || store(address, info, value);
    }
    void clear_exclusive() override { monitor = ~u64{0}; }
    bool atomic_rmw(u64 address, MemInfo info, AtomicKind kind, u64 operand, u64& old) override {
        V128 now{};
        if (!load(address, info, now)) {
            return false;
        }
        old = now.d[0];
        return store(address, info, v128(combine(kind, 1u << info.size_log2, old, operand)));
    }
    bool compare_and_swap(u64 address, MemInfo info, const V128& expected, const V128& desired, V128& old) override {
        old = V128{};
        if (!load(address, info, old)) {
            return false;
        }
        return std::memcmp(&old, &expected, size_t{1} << info.size_log2) != 0 || store(address, info, desired);
    }

  private:
    static bool faults(u64 address, MemInfo info) {
        return info.aligned && (address & ((1u << info.size_log2) - 1)) != 0;
    }
};

/// A processor that runs compiled code.
struct Machine {
    Runtime runtime{};
    RigState state;
    Memory* memory = nullptr;
    TlbEntry tlb[4]{};
    unsigned calls = 0;  ///< of C++

    Machine() {
        runtime.tlb_read = &tlb[0];
        runtime.tlb_write = &tlb[1];
        runtime.tlb_read_unprivileged = &tlb[2];
        runtime.tlb_write_unprivileged = &tlb[3];
        runtime.invalid_tag = kInvalidTag;
        runtime.owner = this;
        runtime.page = kCode;
        runtime.kick = 1;  // nothing resumes
        runtime.guest_mxcsr = 0x1f80;
        runtime.exclusive_address = ~u64{0};
        forget_slots();
        for (TlbEntry& entry : tlb) {
            entry = {kInvalidTag, 0};
        }
    }

    u64 addend() const { return reinterpret_cast<u64>(memory->bytes.data()) - kData; }
    void forget_slots() {
        for (PageSlot& slot : runtime.slots) {
            slot = {kInvalidTag, kInvalidTag, 0};
        }
    }
    void fill_slots() {
        for (PageSlot& slot : runtime.slots) {
            slot = {kData, kData, addend()};
        }
    }
    void fill_tlb() {
        for (TlbEntry& entry : tlb) {
            entry = {kData, addend()};
        }
    }

    /// What a call of C++ does, with the monitor where it looks for it.
    template <class Access>
    u64 call(Access access) {
        calls++;
        memory->monitor = runtime.exclusive_address;
        memory->monitored = runtime.exclusive_value;
        const bool done = access(*memory);
        runtime.exclusive_address = memory->monitor;
        runtime.exclusive_value = memory->monitored;
        return done ? 0 : 1;
    }
};
static_assert(offsetof(Machine, state) == sizeof(Runtime));

inline Machine& machine_of(Runtime* runtime) {
    return *static_cast<Machine*>(runtime->owner);
}

inline constexpr RuntimeCalls kCalls{
    .load =
        +[](Runtime* runtime, u64 address, u32 info) {
            return machine_of(runtime).call([=](Memory& memory) {
                runtime->result.vector = V128{};
                return memory.load(address, MemInfo::unpack(info), runtime->result.vector);
            });
        },
    .store =
        +[](Runtime* runtime, u64 address, u32 info) {
            return machine_of(runtime).call([=](Memory& memory) {
                return memory.store(address, MemInfo::unpack(info), runtime->arguments[0].vector);
            });
        },
    .load_exclusive =
        +[](Runtime* runtime, u64 address, u32 info) {
            return machine_of(runtime).call([=](Memory& memory) {
                runtime->result.vector = V128{};
                return memory.load_exclusive(address, MemInfo::unpack(info), runtime->result.vector);
            });
        },
    .store_exclusive =
        +[](Runtime* runtime, u64 address, u32 info) {
            return machine_of(runtime).call([=](Memory& memory) {
                u32 failed = 0;
                const bool done =
                    memory.store_exclusive(address, MemInfo::unpack(info), runtime->arguments[0].vector, failed);
                runtime->result.vector = v128(failed);
                return done;
            });
        },
    .atomic_rmw =
        +[](Runtime* runtime, u64 address, u32 info) {
            return machine_of(runtime).call([=](Memory& memory) {
                u64 old = 0;
                const bool done =
                    memory.atomic_rmw(address, MemInfo::unpack(info & 0x0fffffff), static_cast<AtomicKind>(info >> 28),
                                      runtime->arguments[0].integer, old);
                runtime->result.vector = v128(old);
                return done;
            });
        },
    .compare_and_swap =
        +[](Runtime* runtime, u64 address, u32 info) {
            return machine_of(runtime).call([=](Memory& memory) {
                return memory.compare_and_swap(address, MemInfo::unpack(info), runtime->arguments[0].vector,
                                               runtime->arguments[1].vector, runtime->result.vector);
            });
        },
    .read_clock =
        +[](Runtime* runtime, u64, u32) {
            machine_of(runtime).calls++;
            runtime->result.integer = kTimeByCall;
            return u64{0};
        },
};

class Code {
  public:
    Code()
        : code_(static_cast<u8*>(
              mmap(nullptr, kSize, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))),
          backend_(kRigGuest, kCalls, CodeBuffer{code_, code_ + kStubs, 0}) {}
    Code(const Code&) = delete;
    Code& operator=(const Code&) = delete;
    ~Code() { munmap(code_, kSize); }

    void compile(const ir::Region& region) {
        const Result<> verified = ir::verify(region);
        ASSERT_TRUE(verified) << verified.error().message() << ir::print(region);
        ASSERT_NE(backend_.compile(region, CodeBuffer{code_ + kStubs, code_ + kSize, 0}, 1).size, 0u);
    }
    /// Any thread.
    void run(Machine& machine) const { backend_.enter()(&machine.state, code_ + kStubs); }

  private:
    static constexpr std::size_t kSize = 1 << 16;
    static constexpr std::size_t kStubs = 1 << 15;
    u8* code_;
    Backend backend_;
};

}  // namespace kelvin::x64::testing
