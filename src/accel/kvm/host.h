// SPDX-License-Identifier: Apache-2.0
// The host's KVM: what it is and can do (Linux, Documentation/virt/kvm/api.rst; sections are of that document).
#pragma once

#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "accel/kvm/api.h"
#include "base/fd.h"
#include "base/result.h"
#include "base/types.h"
#include "cpu/x86/features.h"

namespace kelvin::kvm {

/// Repeats what a signal interrupted. Returns -errno where that is not EINTR.
template <class Argument>
int call(const Fd& fd, unsigned long request, Argument argument) {
    for (;;) {
        const int result = ::ioctl(fd.get(), request, argument);
        if (result >= 0) {
            return result;
        }
        if (errno != EINTR) {
            return -errno;
        }
    }
}

/// Or the host's error; `doing` is what cannot be done without.
template <class Argument>
Result<int> try_call(const Fd& fd, unsigned long request, Argument argument, const char* doing) {
    const int result = call(fd, request, argument);
    if (result < 0) {
        return host_error(std::string("KVM: cannot ") + doing, -result);
    }
    return result;
}

/// Shared by everything of one machine, and outlives it.
class Host {
  public:
    /// An error says what to do about it: no such device, no permission and the group that has it, too old.
    static Result<Host> open(const std::string& path = "/dev/kvm");

    const Fd& fd() const { return fd_; }
    /// What KVM_CHECK_EXTENSION answers: 0 is no.
    int extension(int capability) const { return std::max(0, call(fd_, KVM_CHECK_EXTENSION, capability)); }
    /// Of each vCPU's struct kvm_run, and what follows it.
    size_t run_area_size() const { return run_area_size_; }
    /// Bytes of a vCPU's XSAVE area as KVM_GET_XSAVE2 gives it.
    size_t extended_size() const {
        return std::max<size_t>(sizeof(kvm_xsave), static_cast<size_t>(extension(KVM_CAP_XSAVE2)));
    }
    /// What a guest's processor can be at most (4.46, 4.3), with interrupt controllers in the kernel.
    Result<x86::Processor> possible_processor() const;
    /// The model-specific registers whose values make up a vCPU's state (4.3).
    Result<std::vector<u32>> msr_indices() const;

  private:
    explicit Host(Fd fd) : fd_(std::move(fd)) {}
    Result<x86::Cpuid> supported_cpuid() const;
    void add_feature_registers(x86::Processor& processor) const;
    void add_unlisted_features(x86::Processor& processor) const;

    Fd fd_;
    size_t run_area_size_ = 0;
};

}  // namespace kelvin::kvm
