package prestooperator.udf;

import com.facebook.presto.common.type.StandardTypes;
import com.facebook.presto.spi.function.Description;
import com.facebook.presto.spi.function.ScalarFunction;
import com.facebook.presto.spi.function.SqlType;
import io.airlift.slice.Slice;
import io.airlift.slice.Slices;

import java.net.InetAddress;
import java.net.UnknownHostException;

public final class WhereAmI
{
    private WhereAmI() {}

    // Not deterministic: the coordinator is not to work it out once, for all rows, before workers are asked.
    @ScalarFunction(value = "where_am_i", deterministic = false)
    @Description("Name of the host that this row was seen on")
    @SqlType(StandardTypes.VARCHAR)
    public static Slice whereAmI(@SqlType(StandardTypes.BIGINT) long row)
            throws UnknownHostException
    {
        return Slices.utf8Slice(InetAddress.getLocalHost().getHostName());
    }
}
