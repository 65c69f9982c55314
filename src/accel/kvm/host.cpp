// SPDX-License-Identifier: Apache-2.0
#include "accel/kvm/host.h"

#include <cpuid.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/stat.h>

#include <array>

#include "accel/kvm/counted.h"

namespace kelvin::kvm {

namespace {

constexpr int kApiVersion = 12;  // 4.1: every kernel since 2.6.22

/// The name of the group that may use the device; its number if it has none.
std::string group_of(const std::string& path) {
    struct stat about {};
    if (::stat(path.c_str(), &about) != 0) {
        return "kvm";
    }
    std::array<char, 1024> text{};
    group entry{};
    group* found = nullptr;
    ::getgrgid_r(about.st_gid, &entry, text.data(), text.size(), &found);
    return found != nullptr ? found->gr_name : fmt::format("{}", about.st_gid);
}

Error cannot_open(const std::string& path, int error) {
    constexpr const char* kWithout = "without it: -accel tcg";
    if (error == EACCES || error == EPERM) {
        const std::string group = group_of(path);
        return host_error(
            fmt::format("KVM: cannot open '{}'", path), error,
            fmt::format("it is for the group {0}: usermod -aG {0} USER, and log in again; {1}", group, kWithout));
    }
    if (error == ENOENT || error == ENODEV || error == ENXIO) {
        return host_error(
            fmt::format("KVM: cannot open '{}'", path), error,
            fmt::format("modprobe kvm_intel or kvm_amd; if that fails, virtualization is switched off in the host's "
                        "firmware, or the host is a virtual machine whose own host does not pass it on; {}",
                        kWithout));
    }
    return host_error(fmt::format("KVM: cannot open '{}'", path), error, kWithout);
}

constexpr size_t kMostCpuidEntries = 256;  // KVM_MAX_CPUID_ENTRIES
constexpr size_t kMostMsrs = 4096;         // KVM has a few hundred

/// Who made the processor and what it calls itself, which some kernels do not pass on.
void add_name(x86::Cpuid& cpuid) {
    constexpr u32 kExtended = 0x8000'0000;
    const auto leaf = [&](u32 function) -> x86::CpuidLeaf& {
        x86::CpuidLeaf* const found = cpuid.find(function);
        return found != nullptr ? *found : cpuid.add(function);
    };
    for (u32 function = kExtended + 2; function <= kExtended + 4; ++function) {
        auto& [eax, ebx, ecx, edx] = leaf(function).registers;
        if ((eax | ebx | ecx | edx) == 0) {
            __get_cpuid(function, &eax, &ebx, &ecx, &edx);
        }
    }
    const x86::CpuidLeaf first = leaf(0);
    std::copy(first.registers.begin() + 1, first.registers.end(), leaf(kExtended).registers.begin() + 1);
    const u32 version = leaf(1).registers.front();
    leaf(kExtended + 1).registers.front() = version;
}

}  // namespace

Result<Host> Host::open(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd) {
        return cannot_open(path, errno);
    }
    const int version = call(fd, KVM_GET_API_VERSION, 0);
    if (version != kApiVersion) {
        return user_error(
            fmt::format("'{}' is not KVM as Kelvin knows it: its version is {}, not {}", path, version, kApiVersion),
            "without it: -accel tcg");
    }
    Host host(std::move(fd));
    for (const auto& [capability, name] : {std::pair{KVM_CAP_USER_MEMORY, "USER_MEMORY"},
                                           {KVM_CAP_IMMEDIATE_EXIT, "IMMEDIATE_EXIT"},
                                           {KVM_CAP_IRQCHIP, "IRQCHIP"},
                                           {KVM_CAP_PIT2, "PIT2"},
                                           {KVM_CAP_SIGNAL_MSI, "SIGNAL_MSI"},
                                           {KVM_CAP_READONLY_MEM, "READONLY_MEM"},
                                           {KVM_CAP_EXT_CPUID, "EXT_CPUID"}}) {
        if (host.extension(capability) == 0) {
            return user_error(fmt::format("the host's KVM lacks KVM_CAP_{}", name),
                              "Linux 4.13 and later have it; without it: -accel tcg");
        }
    }
    host.run_area_size_ =
        static_cast<size_t>(KELVIN_TRY(try_call(host.fd_, KVM_GET_VCPU_MMAP_SIZE, 0, "map its vCPUs")));
    return host;
}

Result<x86::Cpuid> Host::supported_cpuid() const {
    Counted<kvm_cpuid2, kvm_cpuid_entry2> list(kMostCpuidEntries);
    list.header()->nent = kMostCpuidEntries;
    KELVIN_TRY(try_call(fd_, KVM_GET_SUPPORTED_CPUID, list.header(), "say what processors it can be"));
    std::vector<x86::CpuidLeaf> leaves;
    for (const kvm_cpuid_entry2& entry : list.entries(list.header()->nent)) {
        const bool has_index = (entry.flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) != 0;
        leaves.push_back({entry.function,
                          has_index ? std::optional(entry.index) : std::nullopt,
                          {entry.eax, entry.ebx, entry.ecx, entry.edx}});
    }
    return x86::Cpuid(std::move(leaves));
}

void Host::add_feature_registers(x86::Processor& processor) const {
    if (extension(KVM_CAP_GET_MSR_FEATURES) == 0) {
        return;
    }
    for (const u32 index : {x86::kCoreCapabilities, x86::kArchCapabilities}) {
        Counted<kvm_msrs, kvm_msr_entry> list(1);
        list.header()->nmsrs = 1;
        const kvm_msr_entry asked{.index = index, .reserved = 0, .data = 0};
        list.set({&asked, 1});
        if (call(fd_, KVM_GET_MSRS, list.header()) == 1) {
            processor.registers.push_back({index, list.entries(1).front().data});
        }
    }
}

/// KVM does not list what depends on a machine, or on what user space does (4.46).
void Host::add_unlisted_features(x86::Processor& processor) const {
    std::vector<std::string_view> names = {"hypervisor", "arat"};
    if (extension(KVM_CAP_TSC_DEADLINE_TIMER) != 0) {
        names.push_back("tsc-deadline");
    }
    for (const std::string_view name : names) {
        x86::set_feature(processor, *x86::find_feature(name), true);
    }
}

Result<x86::Processor> Host::possible_processor() const {
    x86::Processor processor{KELVIN_TRY(supported_cpuid()), {}};
    add_name(processor.cpuid);
    add_feature_registers(processor);
    add_unlisted_features(processor);
    return processor;
}

Result<std::vector<u32>> Host::msr_indices() const {
    Counted<kvm_msr_list, u32> list(kMostMsrs);
    list.header()->nmsrs = kMostMsrs;
    KELVIN_TRY(try_call(fd_, KVM_GET_MSR_INDEX_LIST, list.header(), "list its model-specific registers"));
    return list.entries(list.header()->nmsrs);
}

}  // namespace kelvin::kvm
