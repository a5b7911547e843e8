// How fast a message is digested. Targets: plain 4 KiB under 15 µs, large attachments over 300
// MB/s.

#include <benchmark/benchmark.h>

#include <fmt/format.h>

#include "wire/message/digest.h"
#include "wire/message/transfer.h"

namespace posta::wire::message {
namespace {

std::string header(std::string_view type) {
  return fmt::format(
      "Received: from mail.example.net (mail.example.net [192.0.2.7])\r\n"
      "\tby mx.example.org with ESMTPS id 4BRZ2K0YJ3\r\n"
      "\tfor <ann@example.org>; Sat, 21 Nov 2026 05:14:51 +0000\r\n"
      "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=mail;\r\n"
      "\tt=1795000000; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n"
      "\th=From:To:Subject:Date:Message-ID; b=abcdefghijklmnopqrstuvwxyz0123456789\r\n"
      "From: Robert Tables <bob@example.net>\r\n"
      "To: Ann Example <ann@example.org>, carl@example.com\r\n"
      "Cc: \"Doe, Jane\" <jane@example.com>\r\n"
      "Subject: Re: [list] The minutes of the last meeting\r\n"
      "Date: Sat, 21 Nov 2026 05:14:50 +0000\r\n"
      "Message-ID: <20261121051450.12345@mail.example.net>\r\n"
      "In-Reply-To: <20261120.1@mx.example.org>\r\n"
      "References: <20261119.9@mx.example.org> <20261120.1@mx.example.org>\r\n"
      "MIME-Version: 1.0\r\n"
      "Content-Type: {}\r\n"
      "User-Agent: Example 1.0\r\n\r\n",
      type);
}

std::string lines(std::size_t octets) {
  std::string out;
  while (out.size() < octets)
    out += "The quick brown fox jumps over the lazy dog, and then it does so again.\r\n";
  return out;
}

void digest(benchmark::State& state, const std::string& message) {
  for (auto _ : state) benchmark::DoNotOptimize(digest_of(message));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * message.size()));
}

void plain_4k(benchmark::State& state) {
  std::string head = header("text/plain; charset=utf-8");
  digest(state, head + lines(4096 - head.size()));
}
BENCHMARK(plain_4k);

std::string with_attachment(std::size_t octets) {
  return header("multipart/mixed; boundary=\"=_b1\"") +
         "--=_b1\r\nContent-Type: multipart/alternative; boundary=\"=_b2\"\r\n\r\n"
         "--=_b2\r\nContent-Type: text/plain\r\n\r\n" +
         lines(1000) + "--=_b2\r\nContent-Type: text/html\r\n\r\n<p>" + lines(2000) +
         "</p>\r\n--=_b2--\r\n"
         "--=_b1\r\nContent-Type: application/pdf; name=\"report.pdf\"\r\n"
         "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n"
         " filename=\"report.pdf\"\r\n\r\n" +
         encode_base64(std::string(octets, 'x')) + "--=_b1--\r\n";
}

void attachment_10m(benchmark::State& state) {
  digest(state, with_attachment(10 << 20));
}
BENCHMARK(attachment_10m);

void alternative_and_attachment_8k(benchmark::State& state) {
  digest(state, with_attachment(4000));
}
BENCHMARK(alternative_and_attachment_8k);

void delimiter_like_lines_1m(benchmark::State& state) {
  std::string message = header("multipart/mixed; boundary=\"=_b1\"") + "--=_b1\r\n\r\n";
  while (message.size() < 1 << 20) message += "--=_b\r\n";
  digest(state, message);
}
BENCHMARK(delimiter_like_lines_1m);

void open_a_view(benchmark::State& state) {
  std::string record = encode(digest_of(with_attachment(4000)));
  for (auto _ : state) {
    auto view = DigestView::open(record);
    benchmark::DoNotOptimize(view->envelope().size() + view->bodystructure().size());
  }
  state.counters["record_octets"] = static_cast<double>(record.size());
}
BENCHMARK(open_a_view);

void encode_4k(benchmark::State& state) {
  Digest d = digest_of(header("text/plain; charset=utf-8") + lines(3000));
  for (auto _ : state) benchmark::DoNotOptimize(encode(d));
}
BENCHMARK(encode_4k);

}  // namespace
}  // namespace posta::wire::message
