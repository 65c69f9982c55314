// SPDX-License-Identifier: Apache-2.0
#include "differential/comparison.h"

#include <fmt/format.h>

#include <csignal>

#include "differential/crash_note.h"
#include "differential/report.h"

namespace kelvin::differential {

namespace {

constexpr u64 kCodeCache = 16 << 20;
constexpr u64 kShownOfAKind = 2, kShown = 40;

/// A branch to where nothing can be executed ends in a signal; what matters is that it went there.
Case normalized(const Case& qemu, const Made& made) {
    Case result = qemu;
    result.fpcr = made.interpreted.fpcr;
    if (qemu.signal != 0 && qemu.pc - made.in.pc >= 4 * made.words.size()) {
        result.signal = 0;
    }
    return result;
}

}  // namespace

Result<std::unique_ptr<Comparison>> Comparison::make(const Setup& setup, u64 seed) {
    arm64::Model model = KELVIN_TRY(arm64::find_model("max", {}));
    Rules rules = KELVIN_TRY(Rules::read(setup.rules));
    translator::CodeCache cache = KELVIN_TRY(translator::CodeCache::create(kCodeCache));
    const arm64::FeatureSet features = model.features;
    auto ground = std::unique_ptr<Ground>(
        new Ground{std::move(model), arm64::Decoder(features), std::move(rules), std::move(cache)});
    std::unique_ptr<Qemu> qemu;
    if (!setup.environments) {
        qemu = KELVIN_TRY(Qemu::start(setup.emulator, setup.guest));
    }
    return std::unique_ptr<Comparison>(new Comparison(std::move(ground), std::move(qemu), setup, seed));
}

Comparison::Comparison(std::unique_ptr<Ground> ground, std::unique_ptr<Qemu> qemu, const Setup& setup, u64 seed)
    : ground_(std::move(ground)),
      qemu_(std::move(qemu)),
      compile_(setup.compile),
      show_(setup.show),
      seed_(seed),
      lifted_(ground_->model, ground_->decoder, ground_->cache, setup.host, setup.injected),
      generator_(ground_->model, ground_->decoder, ground_->rules, lifted_, qemu_ == nullptr) {}

Result<> Comparison::add(u64 number) {
    const unsigned slot = static_cast<unsigned>(filling_.size());
    std::optional<Made> made = generator_.make(seed_, number, Qemu::pc_of(slot));
    if (!made) {
        return ok();
    }
    if (show_) {
        fmt::print("{}", disassemble(made->in.pc, made->words));
        std::fflush(stdout);
    }
    if (qemu_ != nullptr) {
        qemu_->set(half_, slot, made->in, made->words);
    }
    filling_.push_back(std::move(*made));
    if (filling_.size() == CASE_BATCH) {
        KELVIN_TRY(collect());
        return submit();
    }
    return ok();
}

Result<> Comparison::finish() {
    KELVIN_TRY(collect());
    KELVIN_TRY(submit());
    return collect();
}

Result<> Comparison::submit() {
    if (qemu_ != nullptr) {
        KELVIN_TRY(qemu_->run(half_, static_cast<unsigned>(filling_.size())));
    }
    running_.swap(filling_);
    filling_.clear();
    half_ ^= 1;
    compiled_.clear();
    for (const Made& made : running_) {
        note_case(seed_, made.number);
        lifted_.set_environment(made.environment);
        compiled_.push_back(compile_ ? lifted_.compiled(made.in, made.words, made.choices) : made.interpreted);
    }
    return ok();
}

Result<> Comparison::collect() {
    if (running_.empty()) {
        return ok();
    }
    if (const Result<> done = qemu_ != nullptr ? qemu_->wait() : ok(); !done) {
        const Made& last = running_[qemu_->running() % running_.size()];
        fmt::print("QEMU's last case: --seed {} --first {} --count 1\n{}\n", seed_, last.number,
                   describe(last.in, last.words, last.in, last.interpreted, last.interpreted));
        return done.error();
    }
    for (unsigned i = 0; i < running_.size(); i++) {
        const Made& made = running_[i];
        compare(made, compiled_[i],
                qemu_ != nullptr ? normalized(qemu_->result(half_ ^ 1, i), made) : made.interpreted);
    }
    running_.clear();
    return ok();
}

void Comparison::compare(const Made& made, const Case& compiled, const Case& qemu) {
    cases_++;
    instructions_ += made.words.size();
    if (made.interpreted.signal == 0) {
        executed_[made.entry]++;
    }
    faults_ += made.interpreted.signal == SIGSEGV;
    const std::string lifted = differing(qemu, made.interpreted, 0);
    const std::string emitted = differing(made.interpreted, compiled, ground_->rules.compiled_fpsr(made.in.fpcr));
    if (lifted.empty() && emitted.empty()) {
        return;
    }
    std::string key = fmt::format("{}:{}{}{}{}", made.entry->name, lifted.empty() ? "" : " lifted: ", lifted,
                                  emitted.empty() ? "" : " compiled: ", emitted);
    key += made.words.size() > 1 ? " (sequence)" : "";
    if (differences_[key]++ >= kShownOfAKind || shown_++ >= kShown) {
        return;
    }
    fmt::print("{}\n  again: --seed {} --first {} --count 1\n", key, seed_, made.number);
    fmt::print(
        "  compiled with passes {}, whole {}, TLB filled {}, folding {}, simplifying {}, forwarding {}, sums {}\n{}\n",
        made.choices.passes, made.choices.whole, made.choices.tlb_filled, made.choices.builder.fold_constants,
        made.choices.builder.simplify, made.choices.builder.forward_registers, made.choices.builder.reuse_sums,
        describe(made.in, made.words, qemu, made.interpreted, compiled));
}

bool Comparison::report(bool all) const {
    for (const auto& [key, count] : differences_) {
        fmt::print("{:8} {}\n", count, key);
    }
    bool complete = true;
    if (all) {
        for (const arm64::Instruction* entry : generator_.entries()) {
            if (!executed_.contains(entry) && !ground_->rules.undefined(*entry)) {
                fmt::print("never executed: {}\n", entry->name);
                complete = false;
            }
        }
        const std::string unknown = ground_->rules.unknown_name(generator_.entries_with_excluded());
        if (!unknown.empty()) {
            fmt::print("a rule names '{}', and no entry is called that\n", unknown);
            complete = false;
        }
    }
    return differences_.empty() && complete;
}

}  // namespace kelvin::differential
