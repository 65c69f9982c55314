// SPDX-License-Identifier: Apache-2.0
// What the vCPUs of one machine share: the code cache, the table of blocks, and the way from guest code to host code.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <vector>

#include "accel/accelerator.h"
#include "accel/translator/block_table.h"
#include "accel/translator/code_cache.h"
#include "accel/translator/code_epochs.h"
#include "accel/translator/counters.h"
#include "accel/translator/inbox.h"
#include "accel/translator/optimizations.h"
#include "accel/translator/profile_files.h"
#include "accel/translator/slot_trials.h"
#include "emit/x64/backend.h"
#include "lift/arm64/translate.h"

namespace kelvin::translator {

class TranslationLog;
class TranslatorVcpu;

/// What code is made from.
struct CodeSource {
    u64 pc;          ///< guest virtual address of the first instruction, here and now: other code may share it
    u64 physical;    ///< its physical address
    const u8* page;  ///< host address of the page that holds it
    arm64::Mode mode;
};

class Translator final : public accel::Accelerator, public memory::WriteObserver, public memory::MappingObserver {
  public:
    Translator(memory::AddressMap& memory, const accel::TranslatorOptions& options, CodeCache cache,
               const Optimizations& optimizations, std::unique_ptr<TranslationLog> log, ProfileFiles profile);
    ~Translator() override;

    std::unique_ptr<accel::Arm64Vcpu> make_arm64_vcpu(unsigned index, const arm64::Model& model,
                                                      const accel::Arm64Ports& ports) override;
    std::string statistics() const override;
    std::string closing_words() const override;

    /// Guest memory was written by a device.
    void ram_written(Gpa start, u64 size) override;
    /// Loads from there are no longer what they were. The vCPU whose store did that asks its inbox before it goes on.
    void mapping_changed(Gpa start, u64 size) override;

    // Of vCPUs as they come and go. Any thread.
    void add_vcpu(TranslatorVcpu& vcpu);
    void remove_vcpu(TranslatorVcpu& vcpu);
    /// Sets the event registers of all.
    void send_event();
    /// Makes all leave generated code, once.
    void call_from_code();

    // Of several vCPUs; which they are changes only while none runs.

    /// There are more than one.
    bool is_shared() const { return vcpus_.size() > 1; }
    /// Asks all but `sender`.
    void broadcast(const TranslatorVcpu& sender, const Request& request);
    /// Waits until all others have done what they were asked, and does meanwhile what `sender` is asked.
    void await_broadcasts(TranslatorVcpu& sender);

    memory::AddressMap& memory() { return memory_; }
    /// Null if nothing is to be logged.
    TranslationLog* log() { return log_.get(); }
    x64::Backend& backend() { return backend_; }
    const accel::TranslatorOptions& options() const { return options_; }

    /// A store by a vCPU, within a page that code_words() knew. False: page_written() must be told as well. Takes no
    /// lock.
    bool spares_code(const CodeWords& words, u64 physical, u64 size) const;

    // All of the following take the lock.

    /// The code for `source`, made if need be. `link` (0: none) is the exit of the same page that leads to it.
    /// `first_in_page` is set when the page had no code before: from now on stores to it must come to C++.
    /// Null: there is no room before other vCPUs have left dropped code: call_from_code(), and try again.
    const u8* code_for(TranslatorVcpu& vcpu, const CodeSource& source, u32 link, bool& first_in_page);
    /// Of the region that code_for has found.
    unsigned instructions_of(const CodeSource& source) const;
    /// Optimized IR and host code as they would be made now, as text.
    std::string describe_code(const CodeSource& source, unsigned instructions, const arm64::Model& model);
    /// A store by the guest, within a page.
    void page_written(u64 physical, u64 size);
    bool page_has_code(u64 physical_page);
    const CodeWords* code_words(u64 physical_page) const;
    /// A vCPU that could store to the page without a word, which it cannot any more, may have done so after code was
    /// made from there.
    void recheck_page(u64 physical_page);
    void recheck_all_pages();
    /// An access of the vCPU has missed its page slot often, or a region that it tries has been entered often enough.
    void judge_slots(TranslatorVcpu& vcpu);

    /// Takes no lock.
    const CodeEpochs& epochs() const { return epochs_; }

  private:
    /// Null as above.
    const Block* translate(const CodeSource& source, const arm64::Model& model);
    void take_source(const CodeSource& source, unsigned most_instructions);
    x64::SlotWatch prepare_slots(const CodeSource& source, unsigned guest_size);
    void end_trial(TranslatorVcpu& vcpu, unsigned trial);
    unsigned lift(const CodeSource& source, const arm64::Model& model, unsigned most_instructions);
    bool open_next_segment();
    void count(const x64::CompiledRegion& compiled, unsigned guest_size, i64 nanoseconds);
    void profile_stubs();
    void profile(const CodeSource& source, const u8* code, std::size_t size);

    memory::AddressMap& memory_;
    const accel::TranslatorOptions options_;
    const Optimizations optimizations_;
    std::unique_ptr<TranslationLog> log_;
    ProfileFiles profile_;

    mutable std::mutex vcpus_mutex_;  // guards vcpus_; a vCPU's own locks are taken under it
    std::vector<TranslatorVcpu*> vcpus_;

    mutable std::mutex mutex_;  // guards what follows; only vCPUs' inboxes are locked under it
    CodeCache cache_;
    x64::Backend backend_;
    BlockTable blocks_;
    SlotTrials trials_;
    std::unique_ptr<arm64::Decoder> decoder_;
    ir::Region region_;
    std::array<u8, 4096> source_{};  ///< of the page, what is translated, as it was when that began
    std::string lifted_;             ///< region_ before the passes, as text, if the log wants that
    pass::Scratch scratch_;
    TranslatorCounters counters_;
    CodeEpochs epochs_;
    u64 evicted_ = 0;  ///< the epoch that began when the segment after the current one was emptied
};

}  // namespace kelvin::translator
