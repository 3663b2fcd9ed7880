# Calls of a Ruby method across two pipes, as ratchet.sandbox.lines describes them. Questions of an examiner
# name the method behind "exact ": in them and their answers, symbols, and hashes whose keys are no texts, are
# maps with one key, TAG and what it is. Otherwise symbols are sent as texts.

module RatchetCalls
  class NotPlain < StandardError; end

  TAG = "\u0001ruby "
  MAX_DEPTH = 200
  RAISED = [ArgumentError, FloatDomainError, IndexError, KeyError, NameError, NoMethodError,
            NotImplementedError, RangeError, RegexpError, RuntimeError, StandardError, StopIteration, TypeError,
            ZeroDivisionError].freeze
  FLOATS = { 'inf' => Float::INFINITY, '-inf' => -Float::INFINITY, 'nan' => Float::NAN }.freeze

  class << self
    def open
      @in = IO.for_fd(3, 'rb')
      @out = IO.for_fd(4, 'wb')
      @out.sync = true
    end

    # Answers calls, by the block, until the pipe ends.
    def serve
      while (payload = receive)
        begin
          name, *arguments = unpack(payload)
          @exact = name.start_with?('exact ')
          answer = "l1\n".b << pack(yield(*arguments))
        rescue StandardError, ScriptError, SystemStackError => error
          answer = "l2\n".b << text(error.class.name.to_s) << text(error.message.to_s.scrub)
        end
        send_frame(answer)
      end
      exit!(0)
    rescue SystemCallError
      exit!(1)
    end

    # What the method of the other process answers; raises what it raised. Ends this process if there is no
    # answer.
    def ask(name, arguments)
      @exact = true
      answer =
        begin
          send_frame(pack(["exact #{name}", *arguments]))
          unpack(receive || give_up('the program has ended'))
        rescue SystemCallError
          give_up('the program has ended')
        end
      return answer[0] if answer.is_a?(Array) && answer.size == 1
      if answer.is_a?(Array) && answer.size == 2 && answer.all?(String)
        raise raised(*answer)
      end
      give_up('the answer is none')
    rescue NotPlain => error
      give_up(error.message)
    end

    private

    # A standard error of Ruby's own by that name, or else one that carries the name in its message.
    def raised(name, message)
      kind = name.match?(/\A[A-Z]\w*\z/) && Object.const_defined?(name) ? Object.const_get(name) : nil
      return kind.new(message) if RAISED.include?(kind)

      RuntimeError.new("#{name}: #{message}")
    end

    # Neither a rescue nor an at_exit of the test is asked.
    def give_up(why)
      $stderr.puts("ratchet: #{why}")
      $stderr.flush
      exit!(1)
    end

    def receive
      head = @in.gets("\n", 12)
      return nil unless head&.match?(/\A[0-9]{1,9}\n\z/)

      size = head.to_i
      payload = size.zero? ? ''.b : @in.read(size)
      payload if payload && payload.bytesize == size
    end

    def send_frame(payload)
      @out.write("#{payload.bytesize}\n".b << payload)
    end

    def text(value)
      data = value.encode(Encoding::UTF_8)
      raise NotPlain, 'a text is not UTF-8' unless data.valid_encoding?

      "s#{data.bytesize}\n".b << data.b << "\n".b
    rescue EncodingError
      raise NotPlain, 'a text is not UTF-8'
    end

    def pack(value, depth = 0)
      raise NotPlain, 'it is nested too deeply' if depth > MAX_DEPTH

      case value
      when nil then "n\n".b
      when true then "T\n".b
      when false then "F\n".b
      when Integer then "i#{value}\n".b
      when Float then "d#{float(value)}\n".b
      when String then text(value)
      when Symbol then @exact ? "o1\n".b << text("#{TAG}symbol") << text(value.to_s) : text(value.to_s)
      when Array then value.reduce("l#{value.size}\n".b) { |parts, item| parts << pack(item, depth + 1) }
      when Hash then hash(value, depth)
      else raise NotPlain, "of type #{value.class}"
      end
    end

    def float(value)
      return 'nan' if value.nan?
      return value.positive? ? 'inf' : '-inf' if value.infinite?

      value.to_s
    end

    def hash(value, depth)
      if !@exact || value.each_key.all? { |key| key.is_a?(String) && !key.start_with?(TAG) }
        value.reduce("o#{value.size}\n".b) do |parts, (key, item)|
          parts << pack(key, depth + 1) << pack(item, depth + 1)
        end
      else
        "o1\n".b << text("#{TAG}hash") << pack(value.to_a, depth + 1)
      end
    end

    def unpack(payload)
      at = 0
      value = lambda do |depth|
        stop = depth > MAX_DEPTH ? nil : payload.index("\n", at)
        raise NotPlain, 'the answer is not plain data' unless stop

        kind = payload[at]
        rest = payload[(at + 1)...stop]
        at = stop + 1
        case kind
        when 'n' then nil
        when 'T' then true
        when 'F' then false
        when 'i' then Integer(rest, 10)
        when 'd' then FLOATS[rest] || Float(rest)
        when 's'
          at += rest.to_i + 1
          payload[at - rest.to_i - 1, rest.to_i].to_s.force_encoding(Encoding::UTF_8)
        when 'l' then Array.new(counted(rest, payload)) { value.call(depth + 1) }
        when 'o'
          untagged(Array.new(counted(rest, payload)) { [value.call(depth + 1), value.call(depth + 1)] })
        else raise NotPlain, 'the answer is not plain data'
        end
      end
      value.call(0)
    rescue ArgumentError, TypeError
      raise NotPlain, 'the answer is not plain data'
    end

    def counted(rest, payload)
      count = rest.to_i
      raise NotPlain, 'the answer is not plain data' if count > payload.bytesize

      count
    end

    def untagged(pairs)
      key, item = pairs.first
      if pairs.size == 1 && key.is_a?(String) && key.start_with?(TAG)
        return item.to_sym if key == "#{TAG}symbol" && item.is_a?(String)
        return item.to_h if key == "#{TAG}hash" && item.is_a?(Array)

        raise NotPlain, 'the answer is not plain data'
      end
      pairs.to_h
    end
  end
end
