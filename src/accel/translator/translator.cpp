// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/translator.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "accel/translator/back_off.h"
#include "accel/translator/disassembler.h"
#include "accel/translator/translation_log.h"
#include "accel/translator/vcpu.h"
#include "ir/text.h"
#include "lift/arm64/lifter.h"

namespace kelvin::translator {

namespace {

constexpr u64 kPage = 4096;
constexpr u64 kLine = 64;
/// Of so many regions, the time is taken of one: reading the clock twice takes a fortieth of a translation.
constexpr int kTimedEach = 16;

/// What generated code uses of this host.
x64::HostFeatures host_features(const accel::TranslatorOptions& options) {
    const x64::HostFeatures all = x64::HostFeatures::detect();
    return options.inject.least_host ? x64::HostFeatures{} : all.up_to(options.host.value_or(all.level()));
}

i64 steady_ns() {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

}  // namespace

Translator::Translator(memory::AddressMap& memory, const accel::TranslatorOptions& options, CodeCache cache,
                       const Optimizations& optimizations, std::unique_ptr<TranslationLog> log, ProfileFiles profile)
    : memory_(memory),
      options_(options),
      optimizations_(optimizations),
      log_(std::move(log)),
      profile_(std::move(profile)),
      cache_(std::move(cache)),
      backend_(arm64::guest_desc(), TranslatorVcpu::runtime_calls(), cache_.stubs(), host_features(options),
               options.inject.slot_misses ? x64::SlotUse::never : x64::SlotUse::normal,
               options.metered ? x64::Metering::on : x64::Metering::off),
      blocks_(cache_.base(), cache_.rw_to_rx(), cache_.segment_count(), backend_.retired_entry()) {
    memory_.set_write_observer(this);
    memory_.set_mapping_observer(this);
    profile_stubs();
    if (options_.count) {
        backend_.start_counting();
    }
}

Translator::~Translator() {
    memory_.set_write_observer(nullptr);
    memory_.set_mapping_observer(nullptr);
}

std::unique_ptr<accel::Arm64Vcpu> Translator::make_arm64_vcpu(unsigned index, const arm64::Model& model,
                                                              const accel::Arm64Ports& ports) {
    {
        const std::lock_guard lock(mutex_);
        if (decoder_ == nullptr) {
            decoder_ = std::make_unique<arm64::Decoder>(model.features);
        }
    }
    return std::make_unique<TranslatorVcpu>(*this, index, model, ports);
}

void Translator::add_vcpu(TranslatorVcpu& vcpu) {
    const std::scoped_lock lock(mutex_, vcpus_mutex_);
    epochs_.add(vcpu.runner());
    vcpus_.push_back(&vcpu);
}

void Translator::remove_vcpu(TranslatorVcpu& vcpu) {
    const std::scoped_lock lock(mutex_, vcpus_mutex_);
    epochs_.remove(vcpu.runner());
    std::erase(vcpus_, &vcpu);
}

void Translator::send_event() {
    const std::lock_guard lock(vcpus_mutex_);
    for (TranslatorVcpu* vcpu : vcpus_) {
        vcpu->receive_event();
    }
}

void Translator::call_from_code() {
    const std::lock_guard lock(vcpus_mutex_);
    for (TranslatorVcpu* vcpu : vcpus_) {
        vcpu->kick();
    }
}

void Translator::broadcast(const TranslatorVcpu& sender, const Request& request) {
    for (TranslatorVcpu* vcpu : vcpus_) {
        if (vcpu != &sender) {
            vcpu->ask(request);
        }
    }
}

void Translator::await_broadcasts(TranslatorVcpu& sender) {
    for (const TranslatorVcpu* vcpu : vcpus_) {
        if (vcpu == &sender) {
            continue;
        }
        const u64 count = vcpu->inbox().posted();
        for (unsigned turns = 0; !vcpu->inbox().has_done(count); turns++) {
            sender.apply_requests();
            back_off(turns);
        }
    }
}

const u8* Translator::code_for(TranslatorVcpu& vcpu, const CodeSource& source, u32 link, bool& first_in_page) {
    const std::lock_guard lock(mutex_);
    const Block* block = blocks_.find(source.physical, source.mode.bits);
    if (block == nullptr) {
        // Before its bytes are read, so that no store to them passes unnoticed.
        const u64 page = source.physical & ~(kPage - 1);
        first_in_page = blocks_.watch(page);
        if (first_in_page) {
            broadcast(vcpu, {.kind = Request::Kind::revoke_writes, .start = page, .host = source.page});
        }
        block = translate(source, vcpu.cpu().model());
        if (block == nullptr) {
            return nullptr;
        }
    }
    if (!options_.inject.no_links) {
        blocks_.connect(link, *block);
    }
    return blocks_.code(*block);
}

/// Other processors may be writing: all that is made of the code is made of the same bytes.
void Translator::take_source(const CodeSource& source, unsigned most_instructions) {
    const u64 offset = source.physical & (kPage - 1);
    std::memcpy(&source_[offset], source.page + offset, std::min<u64>(kPage - offset, u64{4} * most_instructions));
}

unsigned Translator::lift(const CodeSource& source, const arm64::Model& model, unsigned most_instructions) {
    const unsigned offset = static_cast<unsigned>(source.physical & (kPage - 1));
    const bool optimize = counters_.tiers[0].regions < options_.bisect.value_or(~u64{0});
    const Optimizations chosen = optimize ? optimizations_ : Optimizations::none();
    const unsigned guest_size = arm64::lift_region(region_, *decoder_, model, source.mode, source_, offset,
                                                   {most_instructions}, chosen.builder);
    backend_.group_accesses(chosen.address_groups);
    if (log_ != nullptr && log_->options().ir) {
        lifted_ = ir::print(region_);
    }
    chosen.passes.run(region_, scratch_);
    if (options_.inject.no_slots) {
        mark_scattered(region_, offset, ~u64{0});
    }
    return guest_size;
}

x64::SlotWatch Translator::prepare_slots(const CodeSource& source, unsigned guest_size) {
    if (options_.inject.slot_trials) {
        return {x64::SlotWatch::Kind::trial, 0};
    }
    const u64 sum = checksum({&source_[source.physical & (kPage - 1)], guest_size});
    return trials_.prepare({source.physical, sum, source.mode.bits}, region_);
}

const Block* Translator::translate(const CodeSource& source, const arm64::Model& model) {
    unsigned most = options_.inject.short_regions ? 1 : options_.max_instructions;
    if (blocks_.is_often_written(source.physical & ~(kPage - 1))) {
        // What is written next may well lie in another line.
        most = std::min(most, static_cast<unsigned>((kLine - (source.physical & (kLine - 1))) / 4));
    }
    const bool timed = counters_.tiers[0].regions % kTimedEach == 0;
    const i64 begun = timed ? steady_ns() : 0;
    take_source(source, most);
    unsigned guest_size = lift(source, model, most);
    x64::CompiledRegion compiled;
    x64::SlotWatch watch;
    while (true) {
        if (blocks_.accepts(cache_.segment())) {
            watch = prepare_slots(source, guest_size);
            compiled = backend_.compile(region_, cache_.free_space(), blocks_.next_link(cache_.segment()), watch);
        }
        if (compiled.size != 0) {
            break;
        }
        if (cache_.segment_is_empty()) {
            KELVIN_ASSERT(most > 1);
            most /= 2;
            guest_size = lift(source, model, most);
        } else if (!open_next_segment()) {
            return nullptr;
        }
    }
    u8* const write = cache_.free_space().write;
    const u8* code = write + cache_.rw_to_rx();
    cache_.commit(compiled.size);
    count(compiled, guest_size, timed ? (steady_ns() - begun) * kTimedEach : 0);
    if (watch.kind == x64::SlotWatch::Kind::trial) {
        trials_.made(watch.trial, compiled.sites);
    }
    const std::span<const u8> guest{&source_[source.physical & (kPage - 1)], guest_size};
    if (log_ != nullptr) {
        log_->region({counters_.tiers[0].regions, source.pc, source.physical, source.mode.el(), guest.data(),
                      guest_size, lifted_, region_, compiled, write, code},
                     backend_);
    }
    profile(source, write, compiled.size);
    return &blocks_.add(cache_.segment(), source.physical, source.mode.bits, guest, {code, compiled.size},
                        compiled.links);
}

unsigned Translator::instructions_of(const CodeSource& source) const {
    const std::lock_guard lock(mutex_);
    return blocks_.find(source.physical, source.mode.bits)->guest_size / 4;
}

std::string Translator::describe_code(const CodeSource& source, unsigned instructions, const arm64::Model& model) {
    const std::lock_guard lock(mutex_);
    take_source(source, instructions);
    lift(source, model, instructions);
    const x64::CodeBuffer buffer = cache_.free_space();
    const x64::CompiledRegion compiled = backend_.compile(region_, buffer, blocks_.next_link(cache_.segment()));
    Disassembler disassembler(Disassembler::Architecture::x64);
    const u64 address = reinterpret_cast<u64>(buffer.write + buffer.rw_to_rx);
    return fmt::format("optimized\n{}\nhost\n{}", ir::print(region_),
                       disassembler.text(buffer.write, compiled.size, address));
}

// The segment that follows is empty already, so that vCPUs have had all the time since to leave it.
bool Translator::open_next_segment() {
    if (!epochs_.passed(evicted_)) {
        return false;
    }
    cache_.advance();
    profile_.forget(cache_.segment());
    const u64 before = blocks_.counts().dropped_for_room;
    blocks_.evict(cache_.next(cache_.segment()));
    counters_.segments_emptied += blocks_.counts().dropped_for_room != before;
    evicted_ = epochs_.begin();
    return true;
}

void Translator::count(const x64::CompiledRegion& compiled, unsigned guest_size, i64 nanoseconds) {
    TierCounters& tier = counters_.tiers[0];
    tier.regions++;
    tier.guest_bytes += guest_size;
    tier.hot_bytes += compiled.hot_size;
    tier.cold_bytes += compiled.size - compiled.hot_size;
    tier.nanoseconds += static_cast<u64>(nanoseconds);
}

/// Each ends where the next begins, and the last with the area.
void Translator::profile_stubs() {
    if (!profile_.wanted()) {
        return;
    }
    std::vector<x64::Stubs::Named> stubs = backend_.stubs().named();
    std::ranges::sort(stubs, {}, &x64::Stubs::Named::address);
    const std::ptrdiff_t to_rx = cache_.rw_to_rx();
    for (std::size_t i = 0; i < stubs.size(); i++) {
        const u8* const end = i + 1 < stubs.size() ? stubs[i + 1].address : cache_.stubs().end + to_rx;
        profile_.add({}, {stubs[i].address - to_rx, stubs[i].address, static_cast<std::size_t>(end - stubs[i].address),
                          "translator " + stubs[i].name});
    }
}

/// Who shares the code by other addresses cannot be known: the one is named that wanted it first.
void Translator::profile(const CodeSource& source, const u8* code, std::size_t size) {
    if (!profile_.wanted()) {
        return;
    }
    profile_.add(cache_.segment(), {code, code + cache_.rw_to_rx(), size,
                                    fmt::format("guest EL{} {:#x} (physical {:#x})",
                                                static_cast<unsigned>(source.mode.el()), source.pc, source.physical)});
}

void Translator::page_written(u64 physical, u64 size) {
    // Between the store and the look: see code_for.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (blocks_.may_have_code(physical & ~(kPage - 1))) {
        const std::lock_guard lock(mutex_);
        blocks_.written(physical, size);
    }
}

bool Translator::spares_code(const CodeWords& words, u64 physical, u64 size) const {
    // As above; nobody else makes code if there is one vCPU.
    if (is_shared()) {
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    return blocks_.spares_code(words, physical, size);
}

void Translator::recheck_page(u64 physical_page) {
    const std::lock_guard lock(mutex_);
    blocks_.recheck(physical_page, memory_.find_page(Gpa{physical_page}).host);
}

void Translator::recheck_all_pages() {
    const std::lock_guard lock(mutex_);
    for (const u64 page : blocks_.pages_with_code()) {
        blocks_.recheck(page, memory_.find_page(Gpa{page}).host);
    }
}

void Translator::end_trial(TranslatorVcpu& vcpu, unsigned trial) {
    const RegionKey key = trials_.running(trial).key;
    vcpu.slot_trials()--;
    const x64::SlotTrial& seen = vcpu.runtime().trials[trial];
    // It goes on counting down until its code has been dropped.
    if (static_cast<i32>(seen.entries_left) <= 0) {
        trials_.judge(trial, seen);
    } else {
        trials_.give_up(trial);
    }
    if (const Block* const block = blocks_.find(key.physical, key.mode)) {
        blocks_.drop(*block);
    }
}

void Translator::judge_slots(TranslatorVcpu& vcpu) {
    const std::lock_guard lock(mutex_);
    const i64 now = steady_ns();
    for (unsigned i = 0; i < x64::kTrials; i++) {
        const SlotTrials::Running& trial = trials_.running(i);
        const bool over = static_cast<i32>(vcpu.runtime().trials[i].entries_left) <= 0;
        if (trial.vcpu == &vcpu && (over || SlotTrials::is_overdue(trial, now))) {
            end_trial(vcpu, i);
        }
    }
    const u64 site = std::exchange(vcpu.runtime().missing_site, 0);
    if (site <= x64::kDeaf) {
        return;
    }
    // What cannot be tried now is not worth an exit each time it is told: not before something else has made one.
    vcpu.runtime().missing_site = x64::kDeaf;
    const Block* const block = blocks_.find_code(reinterpret_cast<const u8*>(site));
    if (block == nullptr) {
        return;
    }
    if (const auto trial = trials_.begin({block->physical, block->checksum, block->mode}, vcpu, now)) {
        vcpu.runtime().missing_site = 0;
        vcpu.slot_trials()++;
        vcpu.runtime().trials[*trial] = {.entries_left = x64::kTrialEntries, .misses = {}};
        blocks_.drop(*block);
    }
}

bool Translator::page_has_code(u64 physical_page) {
    if (!blocks_.may_have_code(physical_page)) {
        return false;
    }
    const std::lock_guard lock(mutex_);
    return blocks_.has_code(physical_page);
}

const CodeWords* Translator::code_words(u64 physical_page) const {
    const std::lock_guard lock(mutex_);
    return blocks_.code_words(physical_page);
}

void Translator::ram_written(Gpa start, u64 size) {
    for (u64 address = start.value; address < start.value + size;) {
        const u64 end = std::min((address & ~(kPage - 1)) + kPage, start.value + size);
        page_written(address, end - address);
        address = end;
    }
}

void Translator::mapping_changed(Gpa, u64) {
    for (TranslatorVcpu* vcpu : vcpus_) {
        vcpu->ask({.kind = Request::Kind::flush_all});
    }
}

std::string Translator::statistics() const {
    const std::scoped_lock lock(mutex_, vcpus_mutex_);
    std::string text = describe({counters_, blocks_.counts(), blocks_.block_count(), cache_.size(), cache_.used(),
                                 cache_.segment_count(), trials_.judged(), trials_.scattered()});
    for (const TranslatorVcpu* vcpu : vcpus_) {
        text += "\n" + describe(vcpu->index(), vcpu->counters(), vcpu->exception_counts());
        if (const auto executed = vcpu->executed()) {
            text += fmt::format("processor {}: {} instructions executed\n", vcpu->index(), *executed);
        }
        if (options_.count) {
            text += describe(vcpu->index(), vcpu->counted());
        }
    }
    return options_.count ? text
                          : text + "\n-accel translator,count=on counts instructions, page slots and jumps too\n";
}

std::string Translator::closing_words() const {
    if (options_.log.statistics) {
        log_->text(statistics());
    }
    const std::lock_guard lock(mutex_);
    const u64 regions = counters_.tiers[0].regions;
    return options_.bisect ? fmt::format("translated {} regions, the first {} of them with optimizations", regions,
                                         std::min(regions, *options_.bisect))
                           : "";
}

}  // namespace kelvin::translator

namespace kelvin::accel {

namespace {

constexpr u64 kSmallCache = u64{256} << 10;

Result<> check_host(const TranslatorOptions& options) {
    if (!x64::CpuId::read().can_run_code()) {
        return user_error(
            "the translator needs a processor with SSE4.2, POPCNT, CMPXCHG16B and LAHF (x86-64-v2), and "
            "this host's has not all of them",
            "use a host processor of 2008 (Intel Nehalem) or 2011 (AMD Bulldozer) or later");
    }
    const x64::HostLevel level = x64::HostFeatures::detect().level();
    if (options.host.value_or(level) > level) {
        return user_error("this host's processor is of a lower level than the translator is to make code for",
                          "leave host= away: the highest level is then chosen");
    }
    return ok();
}

}  // namespace

Result<std::unique_ptr<Accelerator>> make_translator(memory::AddressMap& memory, const TranslatorOptions& wanted) {
    KELVIN_TRY(check_host(wanted));
    TranslatorOptions options = wanted;
    if (options.check_every != 0) {
        // Each region must come back before the next begins.
        options.inject.no_links = options.inject.jump_misses = true;
    }
    const auto optimizations = KELVIN_TRY(translator::Optimizations::without(options.disabled));
    translator::CodeCache cache =
        KELVIN_TRY(translator::CodeCache::create(options.inject.small_cache ? kSmallCache : options.code_cache_size));
    auto log = KELVIN_TRY(translator::TranslationLog::open(options.log));
    auto profile = KELVIN_TRY(translator::ProfileFiles::open(options.perf_map, options.jit_dump));
    return std::unique_ptr<Accelerator>(std::make_unique<translator::Translator>(
        memory, options, std::move(cache), optimizations, std::move(log), std::move(profile)));
}

}  // namespace kelvin::accel
