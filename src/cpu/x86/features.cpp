// SPDX-License-Identifier: Apache-2.0
#include "cpu/x86/features.h"

#include <algorithm>
#include <map>
#include <string>

namespace kelvin::x86 {

namespace {

using enum CpuidRegister;

/// The names of a register's bits from 0 on (SDM volume 2A, CPUID; APM volume 3, appendix E; Linux's
/// Documentation/virt/kvm/x86/cpuid.rst). A dot: none that a user could ask for.
struct Word {
    u32 function;
    u32 index;
    CpuidRegister where;
    u32 msr;
    std::string_view names;
};

constexpr Word kWords[] = {
    {0x1, 0, ecx, 0,
     "pni pclmulqdq dtes64 monitor ds-cpl vmx smx est tm2 ssse3 cid . fma cx16 xtpr pdcm . pcid dca "
     "sse4.1 sse4.2 x2apic movbe popcnt tsc-deadline aes xsave . avx f16c rdrand hypervisor"},
    {0x1, 0, edx, 0,
     "fpu vme de pse tsc msr pae mce cx8 apic . sep mtrr pge mca cmov pat pse36 pn clflush . ds acpi "
     "mmx fxsr sse sse2 ss ht tm ia64 pbe"},
    {0x6, 0, eax, 0, ". . arat"},
    {0x7, 0, ebx, 0,
     "fsgsbase tsc-adjust sgx bmi1 hle avx2 fdp-excptn-only smep bmi2 erms invpcid rtm . zero-fcs-fds "
     "mpx . avx512f avx512dq rdseed adx smap avx512ifma pcommit clflushopt clwb intel-pt avx512pf "
     "avx512er avx512cd sha-ni avx512bw avx512vl"},
    {0x7, 0, ecx, 0,
     ". avx512vbmi umip pku . waitpkg avx512vbmi2 . gfni vaes vpclmulqdq avx512vnni avx512bitalg . "
     "avx512-vpopcntdq . la57 . . . . . rdpid . bus-lock-detect cldemote . movdiri movdir64b . sgxlc "
     "pks"},
    {0x7, 0, edx, 0,
     ". . avx512-4vnniw avx512-4fmaps fsrm . . . avx512-vp2intersect . md-clear . . . serialize . "
     "tsx-ldtrk . . arch-lbr . . amx-bf16 avx512-fp16 amx-tile amx-int8 spec-ctrl stibp flush-l1d "
     "arch-capabilities core-capability ssbd"},
    {0x7, 1, eax, 0,
     "sha512 sm3 sm4 . avx-vnni avx512-bf16 . cmpccxadd . . fzrm fsrs fsrc . . . . fred lkgs wrmsrns . "
     "amx-fp16 . avx-ifma . . lam"},
    {0x7, 1, edx, 0,
     ". . . . avx-vnni-int8 avx-ne-convert . . amx-complex . avx-vnni-int16 . . . prefetchiti . . . . "
     "avx10"},
    {0x7, 2, edx, 0, "intel-psfd ipred-ctrl rrsba-ctrl ddpd-u bhi-ctrl mcdt-no"},
    {0xd, 1, eax, 0, "xsaveopt xsavec xgetbv1 xsaves xfd"},
    {0x40000001, 0, eax, 0,
     "kvmclock kvm-nopiodelay kvm-mmu kvmclock2 kvm-asyncpf kvm-steal-time kvm-pv-eoi kvm-pv-unhalt . "
     "kvm-pv-tlb-flush kvm-asyncpf-vmexit kvm-pv-ipi kvm-poll-control kvm-pv-sched-yield "
     "kvm-asyncpf-int kvm-msi-ext-dest-id . . . . . . . . kvmclock-stable-bit"},
    {0x40000001, 0, edx, 0, "kvm-hint-dedicated"},
    {0x80000001, 0, ecx, 0,
     "lahf-lm cmp-legacy svm extapic cr8legacy abm sse4a misalignsse 3dnowprefetch osvw ibs xop skinit "
     "wdt . lwp fma4 tce . nodeid-msr . tbm topoext perfctr-core perfctr-nb"},
    {0x80000001, 0, edx, 0,
     ". . . . . . . . . . . syscall . . . . . . . . nx . mmxext . . fxsr-opt pdpe1gb rdtscp . lm "
     "3dnowext 3dnow"},
    {0x80000007, 0, ebx, 0, "overflow-recov succor"},
    {0x80000007, 0, edx, 0, ". . . . . . . . invtsc"},
    {0x80000008, 0, ebx, 0,
     "clzero . xsaveerptr . . . . . . wbnoinvd . . ibpb . ibrs amd-stibp . stibp-always-on . . . . . . "
     "amd-ssbd virt-ssbd amd-no-ssb . amd-psfd"},
    {0x8000000a, 0, edx, 0,
     "npt lbrv svm-lock nrip-save tsc-scale vmcb-clean flushbyasid decodeassists . . pause-filter . "
     "pfthreshold avic . v-vmsave-vmload vgif . . . . . . . . vnmi . . svme-addr-chk"},
    {0x80000021, 0, eax, 0,
     "no-nested-data-bp . lfence-always-serializing . . . null-sel-clr-base . auto-ibrs . . . . . . . "
     ". . . . . . . . eraps . . sbpb ibpb-brtype srso-no srso-user-kernel-no"},
    {0, 0, eax, 0xcf, ". . . . . split-lock-detect"},
    {0, 0, eax, 0x10a,
     "rdctl-no ibrs-all rsba skip-l1dfl-vmentry ssb-no mds-no pschange-mc-no tsx-ctrl taa-no . . . . "
     "sbdr-ssdp-no fbsdp-no psdp-no . fb-clear . . bhi-no . . . pbrsb-no . gds-no rfds-no rfds-clear"},
};

/// Other names of the same.
constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
    {"cmp_legacy", "cmp-legacy"},
    {"ds_cpl", "ds-cpl"},
    {"ffxsr", "fxsr-opt"},
    {"fxsr_opt", "fxsr-opt"},
    {"i64", "lm"},
    {"lahf_lm", "lahf-lm"},
    {"nodeid_msr", "nodeid-msr"},
    {"nrip_save", "nrip-save"},
    {"pause_filter", "pause-filter"},
    {"pclmuldq", "pclmulqdq"},
    {"perfctr_core", "perfctr-core"},
    {"perfctr_nb", "perfctr-nb"},
    {"sse3", "pni"},
    {"sse4-1", "sse4.1"},
    {"sse4-2", "sse4.2"},
    {"sse4_1", "sse4.1"},
    {"sse4_2", "sse4.2"},
    {"svm_lock", "svm-lock"},
    {"tsc_adjust", "tsc-adjust"},
    {"tsc_scale", "tsc-scale"},
    {"vmcb_clean", "vmcb-clean"},
    {"xd", "nx"},
};

std::vector<Feature> all_features() {
    std::vector<Feature> all;
    for (const Word& word : kWords) {
        std::string_view rest = word.names;
        for (u8 bit = 0; !rest.empty(); ++bit) {
            const std::string_view name = rest.substr(0, rest.find(' '));
            rest.remove_prefix(std::min(name.size() + 1, rest.size()));
            if (name != ".") {
                all.push_back({name, word.function, word.index, word.where, word.msr, bit});
            }
        }
    }
    return all;
}

std::map<std::string_view, const Feature*> by_name() {
    std::map<std::string_view, const Feature*> all;
    for (const Feature& feature : features()) {
        all.emplace(feature.name, &feature);
    }
    for (const auto& [alias, name] : kAliases) {
        all.emplace(alias, all.at(name));
    }
    return all;
}

}  // namespace

const std::vector<Feature>& features() {
    static const std::vector<Feature> all = all_features();
    return all;
}

const Feature* find_feature(std::string_view name) {
    static const std::map<std::string_view, const Feature*> all = by_name();
    // In most names QEMU takes either.
    std::string dashed(name);
    std::ranges::replace(dashed, '_', '-');
    const auto found = all.contains(name) ? all.find(name) : all.find(dashed);
    return found != all.end() ? found->second : nullptr;
}

std::vector<std::string_view> feature_names() {
    std::vector<std::string_view> names;
    std::ranges::transform(features(), std::back_inserter(names), &Feature::name);
    return names;
}

bool has_feature(const Processor& processor, const Feature& feature) {
    if (feature.msr != 0) {
        const auto found = std::ranges::find(processor.registers, feature.msr, &FeatureRegister::index);
        return found != processor.registers.end() && (found->value >> feature.bit & 1) != 0;
    }
    const CpuidLeaf* const leaf = processor.cpuid.find(feature.function, feature.index);
    return leaf != nullptr && ((*leaf)[feature.where] >> feature.bit & 1) != 0;
}

namespace {

template <class Word>
void set_bit(Word& word, unsigned bit, bool on) {
    word = on ? word | Word{1} << bit : word & ~(Word{1} << bit);
}

}  // namespace

void set_feature(Processor& processor, const Feature& feature, bool on) {
    if (feature.msr != 0) {
        auto found = std::ranges::find(processor.registers, feature.msr, &FeatureRegister::index);
        if (found == processor.registers.end()) {
            found = processor.registers.insert(found, {feature.msr, 0});
        }
        return set_bit(found->value, feature.bit, on);
    }
    CpuidLeaf* leaf = processor.cpuid.find(feature.function, feature.index);
    if (leaf == nullptr && on) {
        leaf = &processor.cpuid.add(feature.function, feature.index);
    }
    if (leaf != nullptr) {
        set_bit((*leaf)[feature.where], feature.bit, on);
    }
}

}  // namespace kelvin::x86
