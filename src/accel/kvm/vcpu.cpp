// SPDX-License-Identifier: Apache-2.0
#include "accel/kvm/vcpu.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "accel/kvm/counted.h"

namespace kelvin::kvm {

namespace {

/// What makes a thread come out of the kernel's KVM_RUN; nothing else in the process uses it.
int kick_signal() {
    static const int number = [] {
        const int chosen = SIGRTMIN + 1;
        struct sigaction action {};
        action.sa_handler = [](int) {};
        action.sa_flags = SA_RESTART;
        KELVIN_ASSERT(::sigaction(chosen, &action, nullptr) == 0);
        return chosen;
    }();
    return number;
}

/// Flat, from 0 to 4 GiB, ring 0 (SDM 3.4.5).
kvm_segment flat_segment(u16 selector, u8 type) {
    kvm_segment segment{};
    segment.selector = selector;
    segment.limit = ~u32{0};
    segment.type = type;
    segment.present = 1;
    segment.db = 1;
    segment.s = 1;
    segment.g = 1;
    return segment;
}

constexpr u8 kCode = 0xb;  // execute and read, accessed
constexpr u8 kData = 0x3;  // read and write, accessed
constexpr u8 kTask = 0xb;  // 32-bit TSS, busy
constexpr u64 kProtected = 1;
constexpr u32 kMultibootMagic = 0x2bad'b002;

void enter_protected_mode(Registers& registers, u64 entry, u64 argument) {
    kvm_sregs& special = registers.special;
    special.cs = flat_segment(0x10, kCode);
    special.ds = special.es = special.fs = special.gs = special.ss = flat_segment(0x18, kData);
    special.tr = flat_segment(0x20, kTask);
    special.tr.s = special.tr.db = special.tr.g = 0;
    special.tr.limit = 0x67;
    special.cr0 |= kProtected;
    registers.general.rip = entry;
    registers.general.rax = kMultibootMagic;
    registers.general.rbx = registers.general.rsi = argument;
}

}  // namespace

KvmVcpu::KvmVcpu(Machine& machine, unsigned index, Fd fd, const accel::X86Ports& ports)
    : machine_(machine), index_(index), fd_(std::move(fd)), ports_(ports) {}

KvmVcpu::~KvmVcpu() {
    if (run_ != nullptr) {
        ::munmap(run_, machine_.host().run_area_size());
    }
}

Result<std::unique_ptr<KvmVcpu>> KvmVcpu::create(Machine& machine, unsigned index, const x86::Processor& processor,
                                                 const accel::X86Ports& ports) {
    Fd fd(KELVIN_TRY(try_call(machine.fd(), KVM_CREATE_VCPU, index, "make a processor")));
    std::unique_ptr<KvmVcpu> vcpu(new KvmVcpu(machine, index, std::move(fd), ports));
    KELVIN_TRY(vcpu->build(processor));
    return vcpu;
}

Result<> KvmVcpu::set_cpuid(const x86::Cpuid& cpuid) {
    std::vector<kvm_cpuid_entry2> entries;
    for (const x86::CpuidLeaf& leaf : cpuid.leaves()) {
        const auto& [eax, ebx, ecx, edx] = leaf.registers;
        entries.push_back({.function = leaf.function,
                           .index = leaf.index.value_or(0),
                           .flags = leaf.index ? u32{KVM_CPUID_FLAG_SIGNIFCANT_INDEX} : 0,
                           .eax = eax,
                           .ebx = ebx,
                           .ecx = ecx,
                           .edx = edx,
                           .padding = {}});
    }
    Counted<kvm_cpuid2, kvm_cpuid_entry2> list(entries.size());
    list.header()->nent = static_cast<u32>(entries.size());
    list.set(entries);
    KELVIN_TRY(try_call(fd_, KVM_SET_CPUID2, list.header(), "say what processor it is"));
    return ok();
}

Result<> KvmVcpu::build(const x86::Processor& processor) {
    kick_signal();
    void* const area =
        ::mmap(nullptr, machine_.host().run_area_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
    if (area == MAP_FAILED) {
        return host_error("KVM: cannot map a processor", errno);
    }
    run_ = static_cast<kvm_run*>(area);
    KELVIN_TRY(set_cpuid(processor.cpuid));
    if (x86::has_feature(processor, *x86::find_feature("arch-capabilities"))) {
        for (const x86::FeatureRegister& one : processor.registers) {
            // What it is after power-on stays where the kernel does not let it be set.
            kvm_msr_entry entry{.index = one.index, .reserved = 0, .data = one.value};
            write_msr(fd_, entry);
        }
    }
    power_on_ = KELVIN_TRY(Registers::read(fd_, machine_.host()));
    return ok();
}

void KvmVcpu::reset(u64 entry, u64 argument) {
    Registers registers = power_on_;
    if (entry != accel::kX86ResetVector) {
        enter_protected_mode(registers, entry, argument);
    }
    // A start is quicker by what is as it was when the vCPU was made.
    const bool is_new = !machine_.clock().has_run() && !is_changed_;
    if (auto written = is_new ? registers.write_basic(fd_) : registers.write(fd_); !written) {
        ports_.board->processor_failed(index_, written.error());
    }
}

/// The kernel looks at immediate_exit after the signal is taken, so that a request between the check and KVM_RUN is
/// seen.
void KvmVcpu::request_stop() {
    stop_requested_ = true;
    std::atomic_ref(run_->immediate_exit).store(1);
    if (const pid_t thread = thread_; thread != 0) {
        ::tgkill(::getpid(), thread, kick_signal());
    }
}

bool KvmVcpu::take_stop_request() {
    if (!stop_requested_.exchange(false)) {
        return false;
    }
    std::atomic_ref(run_->immediate_exit).store(0);
    return true;
}

accel::StopReason KvmVcpu::run() {
    const GuestClock::Running running(machine_.clock());
    // A guest that watches whether its processors get stuck learns that time has stood still (4.81). Without the clock:
    // no.
    call(fd_, KVM_KVMCLOCK_CTRL, 0);
    thread_ = ::gettid();
    stopped_for_debugger_ = false;
    debug_event_ = {};
    for (;;) {
        const int result = ::ioctl(fd_.get(), KVM_RUN, 0);
        // What the kernel has asked of us was completed by the call that is interrupted: see api.rst, "immediate_exit".
        const bool interrupted = result < 0 && (errno == EINTR || errno == EAGAIN);
        if (interrupted && take_stop_request()) {
            break;
        }
        if (result >= 0) {
            handle_exit();
            if (stopped_for_debugger_) {
                thread_ = 0;
                return accel::StopReason::debug;
            }
        } else if (!interrupted) {
            fail(fmt::format("KVM_RUN: {}", std::strerror(errno)));
        }
    }
    thread_ = 0;
    return accel::StopReason::requested;
}

void KvmVcpu::handle_exit() {
    switch (run_->exit_reason) {
        case KVM_EXIT_IO:
            return access_ports();
        case KVM_EXIT_MMIO:
            return access_memory();
        case KVM_EXIT_INTR:
        case KVM_EXIT_IRQ_WINDOW_OPEN:
            return;
        case KVM_EXIT_DEBUG:
            return stop_for_debugger();
        case KVM_EXIT_SHUTDOWN:
            return ports_.board->processor_shut_down(index_);
        case KVM_EXIT_FAIL_ENTRY:
            return fail(fmt::format("the processor refuses the guest's state, reason {:#x}",
                                    run_->fail_entry.hardware_entry_failure_reason));
        case KVM_EXIT_INTERNAL_ERROR:
            return fail(fmt::format("KVM cannot go on with the guest, suberror {}", run_->internal.suberror));
        default:
            return fail(fmt::format("KVM gave up the processor for reason {}, which is not known", run_->exit_reason));
    }
}

void KvmVcpu::access_ports() {
    const auto& io = run_->io;
    u8* data = reinterpret_cast<u8*>(run_) + io.data_offset;
    for (u32 index = 0; index < io.count; ++index, data += io.size) {
        u32 value = 0;
        if (io.direction == KVM_EXIT_IO_IN) {
            value = ports_.ports->read(io.port, io.size);
            std::memcpy(data, &value, io.size);
        } else {
            std::memcpy(&value, data, io.size);
            ports_.ports->write(io.port, io.size, value);
        }
    }
}

/// The kernel splits accesses at pages only: here they become those that devices know. What nobody answers reads as
/// ones.
void KvmVcpu::access_memory() {
    auto& access = run_->mmio;
    for (u32 done = 0; done < access.len;) {
        const unsigned size = std::bit_floor(access.len - done);
        const Gpa address{access.phys_addr + done};
        u64 value = ~u64{0};
        if (access.is_write) {
            value = 0;
            std::memcpy(&value, access.data + done, size);
            machine_.memory().write(address, size, value, index_);
        } else {
            if (!machine_.memory().read(address, size, value, index_)) {
                value = ~u64{0};
            }
            std::memcpy(access.data + done, &value, size);
        }
        done += size;
    }
}

void KvmVcpu::fail(const std::string& why) {
    Error error{ErrorKind::host, why, describe_registers()};
    ports_.board->processor_failed(index_, error);
}

std::string KvmVcpu::describe_registers() const {
    kvm_regs general{};
    kvm_sregs special{};
    if (call(fd_, KVM_GET_REGS, &general) < 0 || call(fd_, KVM_GET_SREGS, &special) < 0) {
        return "KVM does not tell the registers\n";
    }
    return describe(general, special);
}

bool KvmVcpu::is_waiting() const {
    kvm_mp_state state{};
    return call(fd_, KVM_GET_MP_STATE, &state) >= 0 && state.mp_state == KVM_MP_STATE_HALTED;
}

}  // namespace kelvin::kvm
