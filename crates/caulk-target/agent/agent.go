// Package zz_caulk answers caulk's questions about the program that it is built into, on a local socket whose path
// is in the environment variable CAULK_AGENT. Without that variable it does nothing.
//
// A connection carries one request line and one answer: "ok", a line end, the content and a last line "end"; or
// "error" and a message. The file declares nothing but init and renames every import, so that it can also stand in
// package main beside declarations of any name.
package zz_caulk

import (
	zzCaulkBufio "bufio"
	zzCaulkIO "io"
	zzCaulkNet "net"
	zzCaulkOS "os"
	zzCaulkRuntime "runtime"
	zzCaulkPprof "runtime/pprof"
	zzCaulkStrconv "strconv"
	zzCaulkTime "time"
)

func init() {
	const variable = "CAULK_AGENT"
	path := zzCaulkOS.Getenv(variable)
	if path == "" {
		return
	}
	// A child process that is the same program must not take the socket over.
	zzCaulkOS.Unsetenv(variable)
	// Without a reference to it the linker turns heap profiling off, whatever GODEBUG says.
	zzCaulkRuntime.MemProfile(nil, true)

	stats := func(out zzCaulkIO.Writer) {
		var m zzCaulkRuntime.MemStats
		zzCaulkRuntime.ReadMemStats(&m)
		for _, figure := range [...]struct {
			name  string
			value uint64
		}{
			{"goroutines", uint64(zzCaulkRuntime.NumGoroutine())},
			{"mem_profile_rate", uint64(zzCaulkRuntime.MemProfileRate)},
			{"pid", uint64(zzCaulkOS.Getpid())},
			{"heap_alloc_bytes", m.HeapAlloc},
			{"heap_objects", m.HeapObjects},
			{"heap_inuse_bytes", m.HeapInuse},
			{"heap_idle_bytes", m.HeapIdle},
			{"heap_released_bytes", m.HeapReleased},
			{"heap_sys_bytes", m.HeapSys},
			{"stack_inuse_bytes", m.StackInuse},
			{"stack_sys_bytes", m.StackSys},
			{"gc_sys_bytes", m.GCSys},
			{"other_sys_bytes", m.MSpanSys + m.MCacheSys + m.BuckHashSys + m.OtherSys},
			{"sys_bytes", m.Sys},
			{"total_alloc_bytes", m.TotalAlloc},
			{"mallocs", m.Mallocs},
			{"frees", m.Frees},
			{"gc_cycles", uint64(m.NumGC)},
			{"gc_pause_total_ns", m.PauseTotalNs},
		} {
			zzCaulkIO.WriteString(out, figure.name+"="+zzCaulkStrconv.FormatUint(figure.value, 10)+"\n")
		}
		zzCaulkIO.WriteString(out, "go_version="+zzCaulkRuntime.Version()+"\n")
	}

	// "profile NAME DEBUG", "gc" or "stats".
	answer := func(words []string, out zzCaulkIO.Writer) string {
		switch {
		case len(words) == 1 && words[0] == "gc":
			zzCaulkRuntime.GC()
			zzCaulkIO.WriteString(out, "ok\n")
		case len(words) == 1 && words[0] == "stats":
			zzCaulkIO.WriteString(out, "ok\n")
			stats(out)
		case len(words) == 3 && words[0] == "profile":
			profile := zzCaulkPprof.Lookup(words[1])
			debug, err := zzCaulkStrconv.Atoi(words[2])
			if profile == nil || err != nil {
				return "no profile " + words[1]
			}
			zzCaulkIO.WriteString(out, "ok\n")
			profile.WriteTo(out, debug)
		default:
			return "unknown request"
		}
		zzCaulkIO.WriteString(out, "\nend\n")
		return ""
	}

	serve := func(connection zzCaulkNet.Conn) {
		defer connection.Close()
		connection.SetDeadline(zzCaulkTime.Now().Add(5 * zzCaulkTime.Minute))
		line, err := zzCaulkBufio.NewReaderSize(connection, 256).ReadSlice('\n')
		if err != nil {
			return
		}
		var words []string
		word := ""
		for _, c := range line {
			if c > ' ' {
				word += string(rune(c))
			} else if word != "" {
				words = append(words, word)
				word = ""
			}
		}
		out := zzCaulkBufio.NewWriterSize(connection, 64<<10)
		if problem := answer(words, out); problem != "" {
			zzCaulkIO.WriteString(out, "error "+problem+"\n")
		}
		out.Flush()
	}

	listener, err := zzCaulkNet.Listen("unix", path)
	if err != nil {
		// The program comes first; caulk notices that nobody answers.
		return
	}
	go func() {
		// One connection at a time: the agent is one goroutine, whatever is asked.
		for {
			connection, err := listener.Accept()
			if err != nil {
				// Out of descriptors, most likely, which is what caulk may be looking for.
				zzCaulkTime.Sleep(100 * zzCaulkTime.Millisecond)
				continue
			}
			serve(connection)
		}
	}()
}
