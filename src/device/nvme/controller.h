// SPDX-License-Identifier: Apache-2.0
// An NVM Express controller without its bus (NVM Express Base Specification 1.4): registers, queues, commands.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backend/block/block_device.h"
#include "base/event_loop.h"
#include "device/nvme/namespace.h"
#include "device/nvme/queues.h"
#include "device/nvme/transfer.h"
#include "memory/mmio.h"
#include "state/json.h"

namespace kelvin::device::nvme {

/// How a controller interrupts. Any thread, with no lock of the controller's held.
class InterruptPort {
  public:
    virtual ~InterruptPort() = default;
    /// True while the host has message interrupts enabled; else the line is used.
    virtual bool uses_messages() const = 0;
    virtual void send_message(u16 vector) = 0;
    virtual void set_line(bool level) = 0;
};

struct ControllerOptions {
    std::string serial;
    u16 vendor = 0;
    u16 subsystem_vendor = 0;
    u16 io_queues = 64;          ///< pairs, besides the admin queues
    u16 vectors = 65;            ///< of messages
    u32 largest_queue = 2048;    ///< entries
    u8 transfer_exponent = 7;    ///< MDTS: pages of 4 KiB as a power of two
    u8 event_request_limit = 3;  ///< AERL: counted from 0
};

/// Registers belong to any vCPU's thread; everything else happens on the I/O loop's, without a lock.
class Controller final : public memory::MmioHandler {
  public:
    static constexpr u32 kMaxNamespaces = 256;

    /// `io`, `dma` and `port` outlive it.
    Controller(const ControllerOptions& options, EventLoop& io, const memory::Dma& dma, InterruptPort& port);
    ~Controller() override;

    /// Bytes of the registers and doorbells, a power of two.
    u64 size() const { return size_; }
    u64 read(u64 offset, unsigned size) override;
    void write(u64 offset, unsigned size, u64 value) override;
    /// Any thread but a vCPU's that holds a lock of the loop's.
    void reset();
    /// The host has switched between messages and the line, which is driven anew. Any thread.
    void interrupts_changed();

    // I/O loop's thread:
    /// `space` stays until remove(), which returns when nothing uses it any more. The host is told if it runs.
    void add(u32 id, Namespace& space);
    void remove(u32 id);
    bool has(u32 id) const { return spaces_.contains(id); }
    const std::string& serial() const { return options_.serial; }

    /// As bus::Savable says, of the namespaces, too.
    void quiesce();
    Result<> check_savable() const;
    state::Json save() const;
    Result<> load(const state::Json& saved);

  private:
    struct Request;
    struct Saved;
    struct SavedQueues;
    struct Event {
        u8 type = 0;
        u8 information = 0;
        u8 log_page = 0;
        bool operator==(const Event&) const = default;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("type", type);
            visit("information", information);
            visit("log_page", log_page);
        }
    };
    static constexpr std::size_t kErrorEntries = 16;
    struct ErrorEntry {
        u64 count = 0;
        u16 queue = 0;
        u16 command = 0;
        u16 status = 0;
        u64 block = 0;
        u32 space = 0;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("count", count);
            visit("queue", queue);
            visit("command", command);
            visit("status", status);
            visit("block", block);
            visit("space", space);
        }
    };
    struct Features {
        u32 arbitration = 0;
        u16 temperature_over = 343;  // K
        u16 temperature_under = 0;
        u16 error_recovery = 0;
        bool write_cache = true;
        u16 coalescing = 0;
        bool atomicity = false;
        u16 events = 0;
        std::vector<u16> uncoalesced;  // vectors, ascending

        static constexpr u16 kEventsMask = 0x1ff;
        bool coalesced(u16 vector) const;
        void set_coalesced(u16 vector, bool on);

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("arbitration", arbitration);
            visit("temperature_over", temperature_over);
            visit("temperature_under", temperature_under);
            visit("error_recovery", error_recovery);
            visit("write_cache", write_cache);
            visit("coalescing", coalescing);
            visit("atomicity", atomicity);
            visit("events", events);
            visit("uncoalesced", uncoalesced);
        }
    };
    struct Statistics {
        u64 sectors_read = 0, sectors_written = 0, reads = 0, writes = 0, media_errors = 0, errors = 0;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("sectors_read", sectors_read);
            visit("sectors_written", sectors_written);
            visit("reads", reads);
            visit("writes", writes);
            visit("media_errors", media_errors);
            visit("errors", errors);
        }
    };

    // Registers (controller.cpp).
    u64 capabilities() const;
    u32 configuration() const;
    u32 read_word(u64 offset) const;
    void write_word(u64 offset, u32 value);
    void ring(u64 index, u32 value);
    void configure(u32 value);
    void start(u32 configuration);
    void stop();
    void shut_down();
    void flushed();
    void update_line();

    // Queues (controller_queues.cpp).
    void schedule();
    void run();
    void report_bad_rings();
    void fetch(SubmissionQueue& queue);
    Request& take_request();
    void release(Request& request);
    void resume_stalled();
    void complete(Request& request, Status status, u32 result = 0);
    void post(CompletionQueue& queue, const Completion& completion);
    void post_waiting(CompletionQueue& queue);
    bool open_completion_queue(u16 id, u64 base, u32 size);
    bool open_submission_queue(u16 id, u16 completions, u64 base, u32 size);
    void drain();

    // Admin commands (controller_admin.cpp, controller_features.cpp).
    void execute_admin(Request& request);
    void create_completion_queue(Request& request);
    void create_submission_queue(Request& request);
    void delete_completion_queue(Request& request);
    void delete_submission_queue(Request& request);
    void identify(Request& request);
    void abort(Request& request);
    void request_event(Request& request);
    void get_log_page(Request& request);
    void set_features(Request& request);
    void get_features(Request& request);
    void set_number_of_queues(Request& request);
    Status set_temperature(u32 value);
    void answer(Request& request, std::span<const u8> data);
    Status check_active(u32 space) const;

    // What they tell (controller_pages.cpp).
    std::vector<u8> identify_controller() const;
    std::vector<u8> active_list(u32 after) const;
    std::vector<u8> error_log() const;
    std::vector<u8> health_log() const;
    std::vector<u8> changed_list() const;
    std::optional<std::vector<u8>> log_page(u8 page) const;
    bool is_out_of_temperature() const;
    void page_read(u8 page);
    void report(const Event& event);
    void send_events();
    void note_error(const Request& request, Status status);
    void note_change(u32 space);

    // What is saved (controller_state.cpp).
    SavedQueues save_queues() const;
    Result<> check(const Saved& saved) const;
    Result<> check_spaces(const Saved& saved) const;
    Result<> check_run(const SavedQueues& saved) const;
    Result<> check_waiting(const SavedQueues& saved) const;
    Result<> reopen(const SavedQueues& saved);

    // I/O commands (controller_io.cpp).
    void execute_io(Request& request);
    Status map_blocks(Request& request);
    u64 largest_transfer() const { return u64{4096} << options_.transfer_exponent; }
    void transfer(Request& request, bool is_write);
    void write_zeroes(Request& request);
    void deallocate(Request& request);
    void deallocate_next(Request& request);
    void compare(Request& request);
    void compare_next(Request& request);
    void submit(Request& request, void (Controller::*then)(Request&));
    void finished(Request& request);
    Status host_status(const backend::BlockRequest& block, int error);

    const ControllerOptions options_;
    const u64 size_;
    EventLoop& io_;
    const memory::Dma& dma_;
    InterruptPort& port_;

    std::vector<Doorbell> doorbells_;         // in the order of their registers
    std::vector<std::atomic<bool>> pending_;  // by submission queue: rung, not yet looked at
    std::atomic<bool> scheduled_ = false;     // run() is posted
    std::atomic<bool> rang_no_queue_ = false;
    std::atomic<bool> rang_beyond_ = false;
    std::atomic<u32> status_ = 0;  // CSTS
    std::atomic<u32> mask_ = 0;    // INTMS

    mutable std::mutex lock_;  // guards what follows; innermost
    u32 configuration_ = 0;
    u32 admin_attributes_ = 0;
    u64 admin_submissions_ = 0;
    u64 admin_completions_ = 0;

    // The I/O loop's thread only:
    bool running_ = false;
    u64 page_size_ = 4096;
    std::map<u32, Namespace*> spaces_;
    std::vector<std::unique_ptr<SubmissionQueue>> submissions_;  // by identifier
    std::vector<std::unique_ptr<CompletionQueue>> completions_;  // likewise
    std::vector<std::unique_ptr<Request>> requests_;             // all there are
    std::vector<Request*> idle_;                                 // those to be used again
    bool stalled_ = false;                                       // some queue is
    Features features_;
    Statistics statistics_;
    std::vector<Event> events_;        // not sent yet
    u32 masked_events_ = 0;            // by type: until the log page was read
    std::vector<u16> event_requests_;  // commands that wait for events
    std::vector<ErrorEntry> errors_;   // the last come last
    std::set<u32> changed_;            // namespaces, since the list was read
    std::vector<backend::BlockRequest> last_flushes_;
    std::size_t flushes_left_ = 0;
};

}  // namespace kelvin::device::nvme
